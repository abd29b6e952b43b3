"""The command `tap-nexus-erp`, also as `python -m tap_nexus_erp`."""

from __future__ import annotations

from paged_rest.startup import quick_start


def main() -> None:
    """Run the command line."""
    with quick_start():
        from tap_nexus_erp.tap import TapNexusErp  # noqa: PLC0415 (not before it is quick)

    TapNexusErp.cli()


if __name__ == "__main__":
    main()
