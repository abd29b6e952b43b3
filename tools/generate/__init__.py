"""Small tools for those who work on the tap; never in the wheel."""
