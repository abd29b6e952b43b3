"""`python -m tap_rotor`."""

from __future__ import annotations

from tap_rotor.tap import TapRotor

TapRotor.cli()
