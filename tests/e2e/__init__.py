"""Tests through the real Meltano, its plugins and PostgreSQL."""
