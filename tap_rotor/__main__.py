"""The command `tap-rotor`, also as `python -m tap_rotor`."""

from __future__ import annotations

from paged_rest.startup import quick_start


def main() -> None:
    """Run the command line."""
    with quick_start():
        from tap_rotor.tap import TapRotor  # noqa: PLC0415 (not before it is quick)

    TapRotor.cli()


if __name__ == "__main__":
    main()
