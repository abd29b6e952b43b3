"""The command `target-rotor`, also as `python -m target_rotor`."""

from __future__ import annotations

from target_rotor.target import TargetRotor


def main() -> None:
    """Run the command line."""
    TargetRotor.cli()


if __name__ == "__main__":
    main()
