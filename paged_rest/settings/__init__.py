"""The settings of a tap and the checks on them."""
