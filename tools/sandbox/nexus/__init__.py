"""A stand-in for the Nexus ERP API: a made-up organisation and its leads."""
