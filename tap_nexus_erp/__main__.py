"""The command `tap-nexus-erp`, also as `python -m tap_nexus_erp`."""

from __future__ import annotations

from paged_rest.startup import leave_out_unused


def main() -> None:
    """Run the command line."""
    leave_out_unused()

    from tap_nexus_erp.tap import TapNexusErp  # noqa: PLC0415 (now that nothing unused is imported)

    TapNexusErp.cli()


if __name__ == "__main__":
    main()
