"""Settings that cannot be used: one clear sentence each, before the first request."""

from __future__ import annotations

import json
import typing as t

import pytest

from tests.harness.outcome import assert_refused
from tests.harness.run import invoke
from tests.harness.tap import KEY, Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from pathlib import Path

MISSING_KEY = (
    "The setting api_key is missing. A key is made in Rotor under Settings, Integrations; set it "
    "as TAP_ROTOR_API_KEY or in the config file"
)
ODD_KEY = "The setting api_key holds a space, a line break or another character no key has"
ODD_ELSE = "The setting stream_maps cannot be used: __else__ can only be __NULL__"
ODD_URL = "The setting api_url must be an address as in https://api.getrotor.com/open-api"
ODD_DATE = (
    "The setting start_date must be a date or a moment as in 2026-01-31 or 2026-01-31T00:00:00Z"
)
COMMA = "The setting lead_tags holds a tag with a comma, which the API would take for two"

INTEGERS = {
    "lookback_days": (0, 36500),
    "page_size": (1, 1000),
    "request_budget": (1, None),
    "request_timeout": (1, 3600),
    "retry_minutes": (0, 1440),
}
BOOLEANS = ("include_archived", "only_completed_jobs", "emit_activate_version_messages")
LISTS = ("lead_tags", "lead_ids")
TEXTS = ("api_key", "api_url", "start_date", "lead_stage")
DEFAULTED = (*INTEGERS, *BOOLEANS, *LISTS, "start_date", "lead_stage", "stream_maps")


@pytest.fixture(scope="module")
def server() -> t.Iterator[Sandbox]:
    with Sandbox(Company(leads=60), quota=100_000) as server:
        yield server


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset_log()
    return server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0)


def out_of_range() -> t.Iterator[tuple[str, int, str]]:
    for name, (low, high) in INTEGERS.items():
        wanted = f"from {low:,}" + ("" if high is None else f" to {high:,}")
        for value in (low - 1, *([] if high is None else [high + 1])):
            yield name, value, f"The setting {name} must be {wanted}, and is {value:,}"


@pytest.mark.parametrize(("name", "value", "sentence"), [*out_of_range()])
def test_a_number_out_of_range_is_refused_with_the_range(tap, sandbox, name, value, sentence):
    assert_refused(tap.run(**{name: value}), sentence)
    assert sandbox.requests == []


@pytest.mark.parametrize("name", INTEGERS)
def test_a_number_at_either_end_of_its_range_is_taken(tap, name):
    low, high = INTEGERS[name]
    for value in (low, high or 10**6):
        if (name, value) == ("page_size", 1):
            continue  # a request for each row
        assert tap.succeed(**{name: value}).errors == []


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        *((name, value, "a whole number") for name in INTEGERS for value in ("5", 5.5, True, [5])),
        *((name, value, "true or false") for name in BOOLEANS for value in ("true", 1, {})),  # type: ignore[var-annotated]
        *((name, value, "a list") for name in LISTS for value in ("a", 5, {"a": 1})),
        *((name, value, "text") for name in TEXTS for value in (5, True, ["a"], {"a": "b"})),
        *((name, [], "an object") for name in ("stream_maps", "stream_map_config", "faker_config")),
        ("flattening_enabled", "x", "true or false"),
        ("flattening_max_depth", "x", "a whole number"),
        ("flattening_separator", 5, "text"),
    ],
)
def test_a_wrong_type_is_refused_with_the_right_one(tap, sandbox, name, value, kind):
    assert_refused(tap.run(**{name: value}), f"The setting {name} must be {kind}")
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"page_siz": 5}, "There is no setting 'page_siz'; did you mean page_size?"),
        ({"start_dat": "x"}, "There is no setting 'start_dat'; did you mean start_date?"),
        ({"api-key": KEY}, "There is no setting 'api-key'; did you mean api_key?"),
        ({"zzz": 1}, "There is no setting 'zzz'"),
        ({"api_key": None}, MISSING_KEY),
        ({"api_key": ""}, MISSING_KEY),
        ({"api_key": f"{KEY}\n"}, ODD_KEY),
        ({"api_key": f" {KEY}"}, ODD_KEY),
        ({"api_key": f"{KEY}é"}, ODD_KEY),
        ({"api_key": f"{KEY}\0"}, ODD_KEY),
        *(
            ({"api_url": url}, ODD_URL)
            for url in (
                "api.getrotor.com/open-api",
                "ftp://api.getrotor.com",
                "https://",
                "https://somebody:secret@127.0.0.1",
                "https://:secret@127.0.0.1",
                f"http://127.0.0.1/open-api?key={KEY}",
                "http://[",
                "http://127.0.0.1:99999/open-api",
                "http://127.0.0.1:port/open-api",
                KEY,
                "",
            )
        ),
        *(
            ({"start_date": date}, f"{ODD_DATE}, and is {date!r}")
            for date in ("2026-02-30", "2026-13-01", "2026-01-01T25:00:00Z", "20260101", "2026")
        ),
        ({"lead_tags": ["VIP", "a,b"]}, COMMA),
        ({"lead_tags": ["VIP", ""]}, "The setting lead_tags holds an empty tag"),
        ({"lead_ids": ["x", ""]}, "The setting lead_ids holds an empty id"),
        ({"lead_tags": ["VIP", 5]}, "The setting lead_tags.1 must be text"),
        ({"stream_maps": {"__else__": "x"}}, ODD_ELSE),
        ({"stream_maps": {"leads": {"__else__": {"a": 1}}}}, ODD_ELSE),
        ({"lead_ids": [None]}, "The setting lead_ids.0 must be text"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_sentence(tap, sandbox, settings, sentence):
    assert_refused(tap.run(**settings), sentence)
    assert sandbox.requests == []


@pytest.mark.parametrize("date", ["soon", "tomorrow", KEY, " ", "31.01.2026 or so"])
def test_what_is_no_date_at_all_is_not_printed(tap, date):
    result = tap.run(start_date=date)
    assert [sentence.startswith(ODD_DATE) for sentence in result.errors] == [True]
    assert (result.status, result.stdout) == (1, "")
    assert KEY not in result.stderr


@pytest.mark.parametrize(
    "date",
    ["2026-01-31", "2026-01-31T00:00:00Z", "2026-01-31T00:00:00.5+02:00", "2026-01-31 10:00"],
)
def test_a_date_or_a_moment_is_taken(tap, date):
    assert tap.run(start_date=date).status == 0


@pytest.mark.parametrize("name", ["api_url", "start_date", *INTEGERS, *BOOLEANS, *LISTS])
def test_the_key_in_the_wrong_place_is_not_printed(tap, sandbox, name):
    result = tap.run(**{name: KEY})
    assert (result.status, result.stdout, sandbox.requests) == (1, "", [])
    assert KEY not in result.stderr


def test_several_problems_are_all_named(tap, sandbox):
    result = tap.run(page_size=0, lookback_days="x", page_siz=5, api_key=None)
    assert sorted(result.errors) == sorted(
        [
            MISSING_KEY,
            "The setting lookback_days must be a whole number",
            "The setting page_size must be from 1 to 1,000, and is 0",
            "There is no setting 'page_siz'; did you mean page_size?",
        ]
    )
    assert (result.status, result.stdout, sandbox.requests) == (1, "", [])


@pytest.mark.parametrize("name", DEFAULTED)
def test_null_is_as_if_the_setting_were_left_out(tap, sandbox, name):
    settings = {k: v for k, v in tap.settings.items() if k != name}
    settings["retry_minutes"] = None if name == "retry_minutes" else 0
    file = tap.directory / "config.json"
    file.write_text(json.dumps({**settings, name: None}))
    with_null = invoke(["--config", str(file)])
    asked = [(request.path, request.query) for request in sandbox.requests]
    sandbox.reset_log()
    assert (with_null.status, tap.run().status) == (0, 0)
    assert asked == [(request.path, request.query) for request in sandbox.requests]
