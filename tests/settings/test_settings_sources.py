"""Where settings, catalog and state come from, and what can be wrong with each source."""

from __future__ import annotations

import json
import typing as t
from itertools import product

import pytest

from tests.harness.outcome import assert_refused
from tests.harness.run import invoke
from tests.harness.tap import KEY, Tap
from tools.sandbox import Company, Sandbox

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEADS = 60
BROKEN = {
    "cut": b'{"streams": [',
    "empty": b"",
    "two": b"{} {}",
    "null": b"null",
    "text": b'"text"',
    "list": b"[]",
    "not UTF-8": b'{"\xff\xfe": 1}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "deep": b"[" * 100_000,
}


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with Sandbox(Company(leads=LEADS), quota=100_000) as server:
        yield server


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    server.reset_log()
    return server


@pytest.fixture
def tap(sandbox: Sandbox, tmp_path: Path) -> Tap:
    return Tap(tmp_path, sandbox, retry_minutes=0)


@pytest.fixture
def variables(sandbox: Sandbox) -> dict[str, str]:
    return {"TAP_ROTOR_API_KEY": KEY, "TAP_ROTOR_API_URL": sandbox.url}


@pytest.mark.parametrize(
    ("what", "kind"),
    # An empty state is one without bookmarks.
    sorted({*product(("config", "catalog", "state"), BROKEN)} - {("state", "empty")}),
)
def test_a_file_that_is_no_json_object_is_refused(tap, sandbox, what, kind):
    file = tap.directory / f"{what} odd.json"
    file.write_bytes(BROKEN[kind])
    options = [] if what == "config" else tap.arguments()
    assert_refused(
        invoke([*options, f"--{what}", str(file)]), f"The {what} file {file} is no JSON object"
    )
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("name", "problem"), [("none.json", "No such file or directory"), ("", "Is a directory")]
)
def test_a_config_file_that_cannot_be_read_is_named(tap, name, problem):
    file = tap.directory / name if name else tap.directory
    sentence = f"The config file {file} cannot be read: {problem}"
    assert_refused(invoke(["--config", str(file)]), sentence)


@pytest.mark.parametrize("what", ["catalog", "state"])
@pytest.mark.parametrize(
    ("name", "problem"), [("none.json", "No such file or directory"), ("", "Is a directory")]
)
def test_a_catalog_or_state_that_cannot_be_read_is_a_wrong_command_line(tap, what, name, problem):
    file = tap.directory / name if name else tap.directory
    result = tap.run(args=[f"--{what}", str(file)])
    assert (result.status, result.stdout) == (2, "")
    assert result.last_line == f"Error: Invalid value for '--{what}': '{file}': {problem}"


def test_an_unknown_option_is_a_wrong_command_line():
    result = invoke(["--nonsense"])
    assert (result.status, result.stdout) == (2, "")
    assert result.last_line.startswith("Error: No such option")


def test_a_file_with_a_byte_order_mark_is_read(tap):
    for what, value in (("config", tap.settings), ("state", {})):
        file = tap.directory / f"{what}_bom.json"
        file.write_bytes(b"\xef\xbb\xbf" + json.dumps(value).encode())
        options = [] if what == "config" else tap.arguments()
        assert invoke([*options, f"--{what}", str(file)]).status == 0


def test_settings_come_from_the_environment(variables, sandbox):
    result = invoke(
        ["--config=ENV"],
        {
            **variables,
            "TAP_ROTOR_PAGE_SIZE": " 50 ",
            "TAP_ROTOR_INCLUDE_ARCHIVED": "false",
            "TAP_ROTOR_LEAD_TAGS": '["VIP", "Gate code"]',
            "TAP_ROTOR_LEAD_STAGE": "New",
            "TAP_ROTOR_REQUEST_BUDGET": "1",
        },
    )
    assert result.status == 0
    assert [request.query for request in sandbox.requests] == [
        {
            "archived": "false",
            "stage": "New",
            "tags": "VIP,Gate code",
            "limit": "50",
            "page": "1",
        }
    ]


def test_the_environment_is_not_read_unasked(variables, sandbox):
    assert invoke([], variables).status == 1
    assert sandbox.requests == []


@pytest.mark.parametrize("word", ["true", "1", "Yes", "ON", "false", "0", "No", "OFF"])
def test_a_boolean_of_the_environment(variables, sandbox, word):
    env = {"TAP_ROTOR_INCLUDE_ARCHIVED": word, "TAP_ROTOR_REQUEST_BUDGET": "1"}
    assert invoke(["--config=ENV"], {**variables, **env}).status == 0
    expected = "true" if word.lower() in {"true", "1", "yes", "on"} else "false"
    assert sandbox.requests[0].query["archived"] == expected


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        *(
            (name, value, "a whole number")
            for name in ("page_size", "lookback_days", "request_budget", "flattening_max_depth")
            for value in ("x", " ", "5.5", "--5", "+-5", KEY)
        ),
        ("include_archived", "nonsense", "true or false"),
        ("emit_activate_version_messages", "2", "true or false"),
        ("stream_maps", "{", "an object as JSON"),
        ("stream_maps", "[]", "an object as JSON"),
        *(
            ("lead_tags", value, 'a list as JSON, as in ["a", "b"]')
            for value in ('["residential"', "['a','b']", "null", "5", '{"a": 1}', '"a"')
        ),
        ("faker_config", "x", "an object as JSON"),
    ],
)
def test_a_wrong_value_of_the_environment_is_named_by_its_variable(
    variables, sandbox, name, value, kind
):
    variable = f"TAP_ROTOR_{name.upper()}"
    result = invoke(["--config=ENV"], {**variables, variable: value})
    assert_refused(result, f"The environment variable {variable} must be {kind}")
    assert sandbox.requests == []


def test_an_empty_variable_counts_as_none(variables, sandbox):
    declared = json.loads(invoke(["--about", "--format=json"]).stdout)["settings"]["properties"]
    empty = {f"TAP_ROTOR_{name.upper()}": "" for name in declared}
    levels = {"TAP_ROTOR_LOGLEVEL": "", "LOGLEVEL": ""}
    result = invoke(["--config=ENV"], {**empty, **levels, **variables})
    assert (result.status, result.problems) == (0, [])
    assert len(result.records("leads")) == LEADS
    assert sandbox.requests[0].query == {"archived": "true", "limit": "1000", "page": "1"}
    missing = invoke(["--config=ENV"], {**variables, "TAP_ROTOR_API_KEY": ""})
    assert [sentence[:32] for sentence in missing.errors] == ["The setting api_key is missing. "]


def test_words_between_commas_are_a_list(variables, sandbox):
    env = {"TAP_ROTOR_LEAD_TAGS": "VIP, Gate code", "TAP_ROTOR_REQUEST_BUDGET": "1"}
    assert invoke(["--config=ENV"], {**variables, **env}).status == 0
    assert sandbox.requests[0].query["tags"] == "VIP,Gate code"


@pytest.mark.parametrize("variable", ["TAP_ROTOR_LOGLEVEL", "LOGLEVEL"])
def test_a_level_of_the_log_that_is_none(variables, sandbox, variable):
    result = invoke(["--config=ENV"], {**variables, variable: "nope"})
    levels = "DEBUG, INFO, WARNING, ERROR, CRITICAL"
    sentence = f"The environment variable {variable} must be one of {levels}"
    assert_refused(result, sentence)
    assert sandbox.requests == []


@pytest.mark.parametrize(("text", "kind"), [("version: [1\n", "ParserError"), ("", "TypeError")])
def test_a_file_that_sets_the_log_up_and_cannot_be_used(variables, sandbox, tmp_path, text, kind):
    file = tmp_path / "log.yml"
    file.write_text(text, encoding="utf-8")
    result = invoke(["--config=ENV"], {**variables, "SINGER_SDK_LOG_CONFIG": str(file)})
    sentence = f"The file that SINGER_SDK_LOG_CONFIG names cannot be used ({kind})\n"
    assert (result.status, result.stdout, result.stderr) == (1, "", sentence)
    assert sandbox.requests == []


def test_a_level_of_the_log_that_a_dotenv_file_brings_in(variables, tmp_path):
    file = tmp_path / ".env"
    file.write_text("LOGLEVEL=nope\n", encoding="utf-8")
    result = invoke(["--config=ENV"], variables, dotenv=str(file))
    assert result.errors[0].startswith("The environment variable LOGLEVEL must be one of ")


@pytest.mark.slow
def test_the_dotenv_file_of_the_current_folder_is_read_and_no_other(variables, sandbox, tmp_path):
    (tmp_path / ".env").write_text("TAP_ROTOR_PAGE_SIZE=nonsense\n", encoding="utf-8")
    folder = tmp_path / "inner"
    folder.mkdir()
    file = folder / ".env"
    tap = Tap(folder)
    options: dict[str, t.Any] = {"process": True, "args": ["--config=ENV"], "env": variables}
    assert tap.run(**options).logged("INFO").count(taken := taken_from(file)) == 0
    sandbox.reset_log()
    file.write_text("TAP_ROTOR_PAGE_SIZE=50\nTAP_ROTOR_REQUEST_BUDGET=1\n", encoding="utf-8")
    assert tap.run(**options).logged("INFO").count(taken) == 1
    assert [request.query["limit"] for request in sandbox.requests] == ["50"]


def taken_from(file: Path) -> str:
    return f"Settings are taken from the environment and from {file}"


def test_the_environment_wins_over_a_dotenv_file(variables, sandbox, tmp_path):
    file = tmp_path / ".env"
    file.write_text("TAP_ROTOR_LEAD_STAGE=New\nTAP_ROTOR_PAGE_SIZE=20\n", encoding="utf-8")
    env = {"TAP_ROTOR_LEAD_STAGE": "", "TAP_ROTOR_REQUEST_BUDGET": "1"}
    result = invoke(["--config=ENV"], {**variables, **env}, dotenv=str(file))
    assert (result.status, taken_from(file) in result.logged("INFO")) == (0, True)
    query = {"archived": "true", "limit": "20", "page": "1"}
    assert [request.query for request in sandbox.requests] == [query]


def test_a_dotenv_file_that_cannot_be_read_is_named(variables, tmp_path):
    file = tmp_path / ".env"
    file.write_bytes(b"TAP_ROTOR_LEAD_STAGE=\xff")
    result = invoke(["--config=ENV"], variables, dotenv=str(file))
    assert_refused(result, f"The file {file} cannot be read: it is not UTF-8")


def test_a_wrong_value_of_a_dotenv_file_is_named_too(variables, sandbox, tmp_path):
    file = tmp_path / ".env"
    file.write_text("TAP_ROTOR_INCLUDE_ARCHIVED=perhaps\n", encoding="utf-8")
    result = invoke(["--config=ENV"], variables, dotenv=str(file))
    assert_refused(
        result, "The environment variable TAP_ROTOR_INCLUDE_ARCHIVED must be true or false"
    )
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PAGE_SIZE", "1001", "The setting page_size must be from 1 to 1,000, and is 1,001"),
        ("PAGE_SIZE", "-5", "The setting page_size must be from 1 to 1,000, and is -5"),
        ("LEAD_IDS", '["a", ""]', "The setting lead_ids holds an empty id"),
        (
            "API_KEY",
            f"{KEY} ",
            "The setting api_key holds a space, a line break or another character no key has",
        ),
    ],
)
def test_the_environment_is_checked_as_a_file_is(variables, sandbox, name, value, sentence):
    result = invoke(["--config=ENV"], {**variables, f"TAP_ROTOR_{name}": value})
    assert_refused(result, sentence)
    assert sandbox.requests == []


def test_several_wrong_variables_are_all_named(variables):
    env = {"TAP_ROTOR_PAGE_SIZE": "x", "TAP_ROTOR_LOOKBACK_DAYS": "y"}
    assert_refused(
        invoke(["--config=ENV"], {**variables, **env}),
        "The environment variable TAP_ROTOR_LOOKBACK_DAYS must be a whole number",
        "The environment variable TAP_ROTOR_PAGE_SIZE must be a whole number",
    )


def test_a_later_config_wins(tap, sandbox):
    later = tap.directory / "later.json"
    later.write_text(json.dumps({"page_size": 20, "request_budget": 1}))
    assert tap.run(page_size=10, args=["--config", str(later)]).status == 0
    assert sandbox.requests[0].query["limit"] == "20"


def test_the_environment_wins_over_files(tap, sandbox):
    options = ["--config", "ENV", *tap.arguments(page_size=10, request_budget=1)]
    assert invoke(options, {"TAP_ROTOR_PAGE_SIZE": "30"}).status == 0
    assert sandbox.requests[0].query["limit"] == "30"


def test_no_config_at_all_is_one_sentence():
    result = invoke([])
    assert [sentence[:32] for sentence in result.errors] == ["The setting api_key is missing. "]
    assert (result.status, result.stdout) == (1, "")


def test_a_variable_that_is_nearly_that_of_a_setting_is_named(sandbox):
    env = {"TAP_ROTOR_API_URL": sandbox.url, "TAP_ROTOR_API_KEY": sandbox.api_key}
    result = invoke(
        ["--config=ENV"], {**env, "TAP_ROTOR_LEAD_TAG": "VIP", "TAP_ROTOR__SELECT": "[]"}
    )
    assert result.status == 0
    (warning,) = [line for line in result.problems if "environment" in line]
    assert "TAP_ROTOR_LEAD_TAG gives no setting; did you mean TAP_ROTOR_LEAD_TAGS?" in warning
