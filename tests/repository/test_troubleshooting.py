"""README's table of what can go wrong: each sentence in it is one that a real run has printed."""

from __future__ import annotations

import re
import signal
import typing as t
from pathlib import Path

import pytest

from tests.harness.catalog import entries, selecting
from tests.harness.companies import HOUR, hourly
from tests.harness.run import invoke
from tests.harness.tap import KEY, Tap
from tools.harness.project import ROOT
from tools.sandbox import Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Callable

# Said by Meltano and not by the tap: tests/e2e/test_readme.py.
OF_MELTANO = "Another '...' pipeline is already running"


class Trouble:
    """A company of 40 leads and 40 pins, ten to a page, and a tap to get into trouble with."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.company = sandbox.company
        self.tap = Tap(folder, sandbox, page_size=10, retry_minutes=0)

    def read(self, **config: t.Any) -> str:
        return self.tap.run("leads", **config).stderr

    def rule(self, kind: str, **settings: t.Any) -> str:
        """Read while the API answers by a rule."""
        config = settings.pop("config", {})
        self.sandbox.rule(kind, **{"path": "/leads", "times": None, **settings})
        return self.read(**config)

    def environment(self, **variables: str) -> str:
        """Read by HTTPS under these variables of the environment."""
        url = self.sandbox.url.replace("http:", "https:")
        env = {"NO_PROXY": "", "no_proxy": "", **variables}
        return self.tap.run("leads", env=env, api_url=url).stderr

    def again(self, **config: t.Any) -> str:
        """Read a second time."""
        state = self.tap.run("leads").state
        return self.tap.run("leads", state=state, **config).stderr

    def scope(self) -> str:
        self.sandbox.keys[KEY].scopes.remove("leads:read")
        return self.read()

    def quota(self) -> str:
        self.sandbox.keys[KEY].quota = 2
        return self.read()

    def retried(self) -> str:
        self.sandbox.rule("status", "/leads", status=503, retry_after=0)
        return self.read(retry_minutes=1)

    def imported(self) -> str:
        state = self.tap.run("leads").state
        self.company.insert("leads", 2, created_at=self.company.now - 30 * HOUR)
        return self.tap.run("leads", state=state, lookback_days=0).stderr

    def refused(self) -> str:
        self.sandbox.switch(only_limit=50)
        return self.read()

    def nameless(self) -> str:
        self.company.edit("leads", self.company.rows("leads")[12]["id"], id=None)
        return self.read()

    def endless(self) -> str:
        return self.rule("contradict")

    def off_for_good(self) -> str:
        self.company.insert("customers", 12)
        self.sandbox.switch(stale_total=True)
        return self.tap.run("customers").stderr

    def odd(self, **config: t.Any) -> str:
        self.company.insert("leads", mood="good", priority=1)
        return self.read(**config)

    def overridden(self) -> str:
        catalog = selecting("leads")
        entries(catalog)["leads"]["schema"]["properties"]["name"] = {"type": "integer"}
        return self.tap.run(catalog=catalog).stderr

    def too_small(self) -> str:
        return self.tap.run("customers", request_budget=1).stderr

    def full(self) -> str:
        with Path("/dev/full").open("wb") as full, self.tap.start("leads", stdout=full) as running:
            return running.result().stderr

    def stopped(self) -> str:
        with self.tap.start("leads") as running:
            self.sandbox.before("/leads", 2, lambda: running.send(signal.SIGTERM))
            return running.result().stderr


TROUBLES: dict[str, Callable[[Trouble], str]] = {
    "The setting api_key is missing.": lambda _: invoke([]).stderr,
    "There is no setting '...'; did you mean ...?": lambda trouble: trouble.read(api_kye="x"),
    "The setting stream_maps cannot be used: it sends ... and ... under one name, ...": (
        lambda trouble: trouble.tap.run(stream_maps={"leads": {"__alias__": "pins"}}).stderr
    ),
    "Rotor does not accept the API key (status 401).": lambda trouble: trouble.read(
        api_key="rotor_wrong_key"
    ),
    "was refused: the API key lacks the scope ...": Trouble.scope,
    "was refused with status 403, but not by Rotor (...)": lambda trouble: trouble.rule(
        "status", path="*", status=403, body="Blocked"
    ),
    "though Rotor answers other requests: this key or company may not have it. Ask Rotor": (
        lambda trouble: trouble.rule("status", status=404)
    ),
    "does not exist on ... (status 404). Check the setting api_url.": lambda trouble: trouble.read(
        api_url=f"{trouble.sandbox.url}/v2"
    ),
    "was redirected to ... (status ...), which is not followed": lambda trouble: trouble.rule(
        "status", status=302
    ),
    "cannot be found by its name. Check the setting api_url and this machine's network.": (
        lambda trouble: trouble.read(api_url="http://rotor.invalid/open-api")
    ),
    "cannot be asked: its name, or that of the proxy, is malformed": (
        lambda trouble: trouble.read(api_url="http://.example.com/open-api")
    ),
    "the proxy ... refuses the connection. Check the variable ...": lambda trouble: (
        trouble.environment(HTTPS_PROXY="http://127.0.0.1:9")
    ),
    "the variable ... does not name a file of certificates that can be read": lambda trouble: (
        trouble.environment(REQUESTS_CA_BUNDLE="/nonexistent")
    ),
    "trying again in ... s (try ...)": Trouble.retried,
    "was answered with status 429, but not by Rotor (...)": lambda trouble: trouble.rule(
        "status", status=429, retry_after=3600, body="Slow down"
    ),
    "the key's requests for today are used up (status 429) after ... of this run: ...": (
        Trouble.quota
    ),
    "rows of ... read, ... still to read; the next run goes on": lambda trouble: trouble.read(
        request_budget=2
    ),
    "its request_budget is too small for the list, which is read in one run or not": (
        Trouble.too_small
    ),
    "was rejected with status 400; it objects to limit": Trouble.refused,
    "it is not certain that all rows were read: ...": lambda trouble: trouble.rule(
        "repeat_page", page=3
    ),
    "holds a row whose id is ... All rows with an id are sent": Trouble.nameless,
    "entered behind the bookmark since the last run (an import with old dates?): the list was "
    "read back to ...": Trouble.imported,
    "the list ends after ... rows, though its responses state that there is more; nothing is "
    "deleted in the target": Trouble.endless,
    "two readings of ... show the same ... rows, though its total is ...": Trouble.off_for_good,
    "read anew, as the settings that limit it have changed": lambda trouble: trouble.again(
        include_archived=False
    ),
    "is not used, and everything is read again: it has no ...": lambda trouble: trouble.read(
        state={"leads": {"created_at": "2026-01-01"}}
    ),
    "kept in extra_fields, as fields that the schema does not know: ...": Trouble.odd,
    "kept in extra_fields, as values that do not fit their type: ...": Trouble.odd,
    "left out, as fields that the schema does not know: ...": lambda trouble: trouble.odd(
        stream_maps={"leads": {"extra_fields": None}}
    ),
    "the catalog declares ... as ..., and its values can be sent as ... only": Trouble.overridden,
    "the stream map of ... fails on a record where ... is ... (...)": lambda trouble: trouble.read(
        stream_maps={"leads": {"v": "name * 1.1"}}
    ),
    "Standard output takes no more (...): has the target ended?": Trouble.full,
    "Stopped by SIGTERM; the last STATE is written": Trouble.stopped,
}


def sentences() -> list[str]:
    """Return what the table says one can read."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("\n## When something is wrong\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_sentence_of_the_table_is_tried():
    assert sentences() == [*TROUBLES, OF_MELTANO]


@pytest.mark.parametrize("sentence", TROUBLES)
def test_the_sentence_is_printed(sentence, tmp_path):
    with Sandbox(hourly(leads=40, customers=40)) as sandbox:
        sandbox.company.advance(HOUR)
        printed = TROUBLES[sentence](Trouble(sandbox, tmp_path))
    assert re.search(re.escape(sentence).replace(r"\.\.\.", ".+"), printed), printed
