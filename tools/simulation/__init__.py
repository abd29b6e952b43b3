"""Weeks of scheduled runs in minutes: a changing company, a failing API, and kills in between."""
