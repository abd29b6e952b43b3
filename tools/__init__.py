"""What serves those who work on the taps; never shipped."""
