"""Singer tap for the leads of Nexus ERP."""
