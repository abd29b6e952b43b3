"""tap-rotor beside its peers, measured in one run against the sandbox (never in the wheel)."""
