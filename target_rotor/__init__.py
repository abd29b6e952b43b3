"""Singer target for Rotor: writes leads and customers back, only what is asked for, never twice."""
