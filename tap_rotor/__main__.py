"""The command `tap-rotor`, also as `python -m tap_rotor`."""

from __future__ import annotations

from paged_rest.startup import leave_out_unused


def main() -> None:
    """Run the command line."""
    leave_out_unused()

    from tap_rotor.tap import TapRotor  # noqa: PLC0415 (now that nothing unused is imported)

    TapRotor.cli()


if __name__ == "__main__":
    main()
