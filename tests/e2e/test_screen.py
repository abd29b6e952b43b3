"""The end of a run that failed, on a terminal of 24 rows and 80 columns: what to do is on it."""

from __future__ import annotations

import json
import typing as t
from contextlib import suppress

import psycopg
import pytest

from tests.harness import terminal
from tests.harness.tap import KEY, until
from tools.harness.postgres import Postgres
from tools.harness.project import clean_environment

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.harness.project import Project
    from tools.sandbox import Sandbox

pytestmark = pytest.mark.long
LOAD = [".venv/bin/meltano", "run", "tap-rotor", "target-postgres"]
LOADER = "meltano.plugin.stderr.loaders.target-postgres: "


def environment(folder: Path) -> dict[str, str]:
    """Return that of a user who has set nothing, with the runs' logs below a folder."""
    return {
        **clean_environment(),
        "MELTANO_AUTO_INSTALL": "false",
        "XDG_STATE_HOME": str(folder / "state"),
    }


def withdraw_the_key(sandbox: Sandbox, _: Project) -> str:
    del sandbox.keys[KEY]
    return (
        "Failed. leads: Rotor does not accept the API key (status 401). Check the setting api_key; "
        "a key is made in Rotor under Settings, Integrations."
    )


def mistype_the_address(sandbox: Sandbox, project: Project) -> str:
    project.set(TAP_ROTOR_API_URL=f"{sandbox.url}/v9")
    return "(status 404). Check the setting api_url."


def spend_the_quota(sandbox: Sandbox, _: Project) -> str:
    sandbox.keys[KEY].quota = 2
    return (
        "Failed. pin_types: the key's requests for today are used up (status 429) "
        "after 3 requests of this run"
    )


def take_a_scope_away(sandbox: Sandbox, _: Project) -> str:
    sandbox.keys[KEY].scopes.remove("customers:read")
    return (
        "Give it the scope in Rotor, or deselect the stream "
        "(meltano select --exclude tap-rotor customers '*')"
    )


def repeat_a_page(sandbox: Sandbox, project: Project) -> str:
    project.set(TAP_ROTOR_PAGE_SIZE="10")
    sandbox.rule("repeat_page", "/leads", page=3, times=None)
    return "Failed. leads: it is not certain that all rows were read: "


def close_the_database(_: Sandbox, project: Project) -> str:
    project.set(TARGET_POSTGRES_PORT="1")
    return (
        f"[ERROR] {LOADER}(psycopg.OperationalError) connection failed: "
        'connection to server at "127.0.0.1", port 1 failed: Connection refused'
    )


@pytest.mark.parametrize(
    "trouble",
    [
        withdraw_the_key,
        mistype_the_address,
        spend_the_quota,
        take_a_scope_away,
        repeat_a_page,
        close_the_database,
    ],
)
def test_what_to_do_is_on_the_screen(
    trouble: Callable[[Sandbox, Project], str], sandbox: Sandbox, project: Project, tmp_path: Path
) -> None:
    sentence = trouble(sandbox, project)
    screen = terminal.run(LOAD, project.directory, environment(tmp_path))
    assert screen.status == 1
    assert screen.shows(sentence), "\n".join(screen.rows)
    assert_quiet(screen)


def test_a_database_that_goes_down_in_the_middle(
    sandbox: Sandbox, project: Project, tmp_path: Path, open_folder: Path
) -> None:
    """The target's sentence is on the screen, and what follows from it is in the run's log."""
    with Postgres(open_folder / "goes down") as postgres:
        project.set(**postgres.target_settings(), TARGET_POSTGRES_BATCH_SIZE_ROWS="20")

        def go_down() -> None:
            until(lambda: loaded(postgres), seconds=60)
            postgres.stop()

        sandbox.before("/customers", 1, go_down)
        screen = terminal.run(LOAD, project.directory, environment(tmp_path))
    assert screen.status == 1
    assert screen.shows("Run completed")
    # The tap may have ended well meanwhile: then its last lines stand below.
    assert f"[ERROR] {LOADER}(psycopg." in screen.printed
    assert_quiet(screen)
    log = log_of_the_last_run(project, tmp_path)
    assert "Inserting with SQL: " in log
    assert "metric_name=batch_processing_time" in log
    assert "Error details" in log
    assert "psycopg" in log


def loaded(postgres: Postgres) -> bool:
    with postgres.connect() as connection, suppress(psycopg.errors.UndefinedTable):
        return bool(connection.execute("select from tap_rotor.leads limit 1").fetchall())
    return False


def log_of_the_last_run(project: Project, folder: Path) -> str:
    """Return it as README says to look it up."""
    state = environment(folder)["XDG_STATE_HOME"]

    def meltano(arguments: str) -> str:
        return project.run(f".venv/bin/meltano {arguments} 2>/dev/null", XDG_STATE_HOME=state)

    (run,) = json.loads(meltano("logs list --format json"))["runs"]
    return meltano(f"logs show {run['log_id']}")


def assert_quiet(screen: terminal.Screen) -> None:
    """Assert that no metric, no SQL and no traceback is among what was printed."""
    for noise in ("METRIC", "metric", "SQL:", "Traceback", "❱", ".py"):
        assert noise not in screen.printed
