"""Taps and streams on the SDK."""
