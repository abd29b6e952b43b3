"""Singer tap for Rotor, the CRM for field-service companies."""
