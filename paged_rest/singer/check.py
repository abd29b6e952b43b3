"""`--check`: what a tap has asked about its lists. Imported only where that is asked for."""

from __future__ import annotations

import typing as t

from paged_rest.check import Asked, CheckedList, as_json, as_text, ask
from paged_rest.singer.sdk import MOST_REQUESTS

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paged_rest.http import Client
    from paged_rest.singer.run import Run
    from paged_rest.singer.sdk import SdkTap
    from paged_rest.singer.stream import ListStream


def check(
    tap: SdkTap,
    run: Run,
    client: Client,
    lists: Iterable[ListStream],
    form: t.Literal["text", "json"],
) -> tuple[str, Sequence[str]]:
    """Ask an API what it does.

    Args:
        tap: The tap.
        run: The run that this is in place of.
        client: What asks.
        lists: What is to be read.
        form: What to make of the answers.

    Returns:
        The report, and a sentence for each thing that cannot be read.
    """
    declared = [_declared(stream) for stream in lists]
    checkup = ask(run.api, client, declared, int(tap.config["page_size"]))
    checkup.cut_short &= client.budget != MOST_REQUESTS
    asked = Asked(
        tap=run.tap,
        version=tap.plugin_version,
        host=client.host,
        lookback_days=tap.config["lookback_days"],
        today=run.requests_before + client.requests if run.requests_before else None,
    )
    report = as_json if form == "json" else as_text
    return report(asked, checkup), checkup.failures


def _declared(stream: ListStream) -> CheckedList:
    """Return what is declared of a list, under the settings of this run."""
    unstable = stream.has_unstable_filter
    alone = [name for name, values in stream.stable_filters.items() if len(values) == 1]
    return CheckedList(
        name=stream.name,
        path=stream.path,
        params=stream.filters(),
        lets_in=None if unstable else next(iter(alone), None),
        paged=stream.paged,
        created=None if unstable else stream.created,
        order=stream.created if stream.newest_first else None,
        incremental=bool(stream.replication_key) and not unstable,
        schema=stream.schema,
    )
