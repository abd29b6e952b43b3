"""Requests to an API and what its answers mean."""
