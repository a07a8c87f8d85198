"""Two processes that fork others, which need not import again what a Greenroom imports.

`manage.py serve` takes some three seconds of a core to import Pipecat, Django and ONNX Runtime, and one more
for Greenroom itself; the tests start a hundred servers. What is forked here is a process of its own all the
same, with an environment and settings of its own. The first of the two has Greenroom imported and Django set
up, see `tests/prepared_django.py`, and refuses an environment that this does not suit. The second has not.

Run as `python -m tests.fork_server SOCKET`, they listen there, and at SOCKET.bare, until standard input ends.
For each connection they read one line of JSON (`argv`, `env`, `cwd`, `stdout`, `stderr`: files to append to)
and answer with two: the process's number, 0 where it is refused, and later its return code.
"""

import ast
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parent.parent
OURS = {"config", "greenroom", "characters", "sessions_app", "staff", "voicebot", "tests"}
THREADED = ("onnxruntime",)
START_SECS = 120  # on a machine that is busy with others
BARE = ".bare"
VARIABLE = "GREENROOM_FORK_SERVER"  # where one listens already, for the workers of one run


class Forked:
    """A process that was forked, with the part of Popen's interface that tests use."""

    def __init__(self, address: str, *, bare: bool = False, **wanted: Any):
        prepared = 0 if bare else self._ask(address, wanted)
        self.is_prepared = bool(prepared)  # or it has set up Django itself, which takes a second more
        self.pid = prepared or self._ask(address + BARE, wanted)
        self.returncode: int | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._await_end, daemon=True).start()

    def _ask(self, address: str, wanted: dict[str, Any]) -> int:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address)
        self._lines = self._socket.makefile("rw")
        self._lines.write(json.dumps(wanted) + "\n")
        self._lines.flush()
        return int(self._lines.readline())

    def _await_end(self) -> None:
        with contextlib.suppress(OSError):
            self.returncode = int(self._lines.readline() or -signal.SIGKILL)
        self._ended.set()
        self._lines.close()
        self._socket.close()

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


@cache
def fork_server_address() -> str:
    """Where one listens: the one of this run of the tests."""
    if VARIABLE not in os.environ:
        start_fork_server()
    until = time.monotonic() + START_SECS  # it imports for a second or two
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(os.environ[VARIABLE])
            return os.environ[VARIABLE]
        time.sleep(0.05)
    raise RuntimeError("the fork server did not start; what it says stands in pytest's own output")


def start_fork_server() -> None:
    """It ends, and what it forked with it, when this process does."""
    place = tempfile.mkdtemp(prefix="greenroom-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    address = os.environ[VARIABLE] = str(Path(place, "socket"))
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "OTEL"))
    }
    # As config/settings.py sets them before anything is imported.
    environment |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fork_server", address],
        cwd=ROOT,
        env=environment | {"PYTHONWARNINGS": "ignore"},
        stdin=subprocess.PIPE,
    )
    atexit.register(process.communicate)


def foreign_imports() -> Iterator[str]:
    """What Greenroom's modules import at their top, and is not Greenroom's."""
    for package in sorted(OURS - {"tests"}):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names.append(node.module)
                yield from (name for name in names if name.split(".")[0] not in OURS)


def preload() -> None:
    """Imports all of it, but for what begins threads when it is imported: no fork has them."""
    from loguru import logger

    logger.disable("pipecat")  # which says that something is missing
    # Somebody looks at all objects there are, and at Django's settings before there are any.
    told, sys.unraisablehook = sys.unraisablehook, lambda _: None
    sys.modules.update(dict.fromkeys(THREADED))  # type: ignore[arg-type]  (importing them fails)
    for name in dict.fromkeys(foreign_imports()):
        with contextlib.suppress(Exception):  # what asks for Django's settings is imported after the fork
            importlib.import_module(name)
    for name in THREADED:
        del sys.modules[name]
    logger.enable("pipecat")
    sys.unraisablehook = told
    keep_pages()


class LateModule(types.ModuleType):
    """A module until a fork loads it; importlib's LazyLoader loads at the second `import`, used or not."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{self.__name__} begins threads: no {name} before the fork")

    def load(self) -> None:
        del sys.modules[self.__name__]
        self.__dict__.update(importlib.import_module(self.__name__).__dict__)


def keep_pages() -> None:
    tasks = Path("/proc/self/task")
    assert not tasks.exists() or len(list(tasks.iterdir())) == 1, "some module begins threads, see THREADED"
    gc.collect()
    gc.freeze()  # the collector of a fork leaves these pages alone, so that they stay shared


def prepared(address: str, bare: "ForkServer") -> "ForkServer":
    """The server in which Django is set up; `bare` is the other one's."""
    bare.listener.close()
    for name in THREADED:
        sys.modules[name] = LateModule(name)
    from tests.prepared_django import PreparedDjango

    try:
        suits = PreparedDjango().suits
        keep_pages()
    except Exception:
        traceback.print_exc()
        suits = bool  # nobody: the other one shows what is wrong
    return ForkServer(address, suits)


class ForkServer:
    """`suits` is asked in the fork, which has the environment that was wanted: where it does not, it ends."""

    def __init__(self, address: str, suits: Callable[[], bool] = lambda: True):
        self.suits = suits
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        self.waiting: dict[int, socket.socket] = {}
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self.woken, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: pytest says when it is over

    def run(self) -> dict[str, Any]:
        """Forks until standard input ends. Comes back in the forks only, with what each of them shall be."""
        while True:
            ready, _, _ = select.select([self.listener, self.woken, sys.stdin], [], [])
            if sys.stdin in ready:
                for pid in self.waiting:
                    os.kill(pid, signal.SIGKILL)
                sys.exit()
            if self.woken in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.woken, 4096)
                self._reap()
            if self.listener in ready and (wanted := self._fork()):
                return wanted

    def _fork(self) -> dict[str, Any] | None:
        connection, _ = self.listener.accept()
        line = connection.makefile("r").readline()
        if not line:  # somebody looked whether we are here
            connection.close()
            return None
        if pid := os.fork():
            self.waiting[pid] = connection
            return None
        self.listener.close()
        for other in self.waiting.values():
            other.close()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
        wanted: dict[str, Any] = json.loads(line)
        os.environ.clear()
        os.environ.update(wanted["env"])
        suits = self.suits()
        if not suits:
            atexit._run_exitfuncs()  # before the other one is asked: settings may have begun a PostgreSQL
        connection.sendall(f"{os.getpid() if suits else 0}\n".encode())
        connection.close()
        if not suits:
            os._exit(0)
        return wanted

    def _reap(self) -> None:
        while self.waiting:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            connection = self.waiting.pop(pid, None)
            if not connection:
                continue  # the other of the two
            with contextlib.suppress(OSError):
                connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            connection.close()


def become(wanted: dict[str, Any]) -> None:
    """This process is now what was asked for."""
    for number, path in ((0, os.devnull), (1, wanted["stdout"]), (2, wanted["stderr"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(path, flags, 0o644)
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(wanted["cwd"])
    for name in THREADED:
        if isinstance(late := sys.modules.get(name), LateModule):
            late.load()
    sys.argv = wanted["argv"]
    sys.path[:1] = [wanted["cwd"], *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    try:
        runpy.run_path(wanted["argv"][0], run_name="__main__")
    except SystemExit as ended:
        if isinstance(ended.code, str):
            raise
        end(ended.code or 0)
    end(0)


def end(code: int) -> NoReturn:
    """As an interpreter ends, and as forks of multiprocessing do it: threads, exit functions, and out.

    To take a million inherited objects apart first would be a third of a second of a core, more than the
    start was.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    preload()
    bare = ForkServer(sys.argv[1] + BARE)
    become((bare if os.fork() else prepared(sys.argv[1], bare)).run())
