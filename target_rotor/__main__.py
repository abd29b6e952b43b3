"""The command `target-rotor`, also as `python -m target_rotor`."""

from __future__ import annotations

from paged_rest.startup import leave_out_unused


def main() -> None:
    """Run the command line."""
    leave_out_unused()

    from target_rotor.target import TargetRotor  # noqa: PLC0415 (now that nothing unused is there)

    TargetRotor.cli()


if __name__ == "__main__":
    main()
