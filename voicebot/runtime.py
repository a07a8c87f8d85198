"""The runtime: what is one per process, made in ASGI's lifespan and handed down from here.

A server's requests and connections find theirs in their ASGI scope, by `of_scope` or `of_request`. Management
commands, WSGI and tests have none there: for them there is `default`, made when it is first asked for. Tests
may make any number. They share what any number of them can: models with their threads, loaded once, metrics,
which Prometheus's library counts by process, and handlers, which decorators register at import.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from sessions_app import expiry
from sessions_app.costs import Budgets
from sessions_app.database import at_leisure, availability
from sessions_app.memories import Memories
from voicebot import turns
from voicebot.documents import DocumentReading
from voicebot.events import EventDelivery
from voicebot.history import TRANSIENT_ERRORS, HistoryWriters, Spool, SpoolRecovery, SpoolThread
from voicebot.meaning import embeddings
from voicebot.memories import Learning
from voicebot.ops import (
    RUNTIME,
    Capacity,
    ConnectionRegistry,
    Load,
    OpenConnections,
    PromptThreads,
    Refusals,
    SharedCounts,
    process_memory,
    tracing,
)
from voicebot.providers import ProviderWatch, ReadingAhead, RecordedSpeech, Rehearsal, registry
from voicebot.tools import ToolServers
from voicebot.transport import Calls, IceServers, Network
from voicebot.turns import InferenceBudget

log = logging.getLogger(__name__)

CALLS_EACH_SEAT = 2  # of a process: calls that come about, besides those that are let in
GIVE_BACK_SECS = 10.0  # between two looks at what nobody needs; a look takes some milliseconds
SHUTDOWN_FLUSH_SECS = 10.0  # for turns that are not written yet when the server stops


def calls_of_settings() -> Calls:
    """What the environment says of WebRTC."""
    said = settings.CALLS
    return Calls(
        Network(said.addresses, said.ports, said.stun_urls),
        IceServers(said.stun_urls, said.turn_urls, said.turn_secret, said.turn_credential_secs),
        switched_on=said.offered,
        most=CALLS_EACH_SEAT * settings.MAX_SESSIONS_PER_WORKER,
    )


class Runtime:
    """All of it; `spool_folder` is DATA_DIR/spool unless another is given."""

    def __init__(self, spool_folder: Path | None = None) -> None:
        self.load = Load()
        self.capacity = Capacity(self.load)
        self.connections = ConnectionRegistry(self.capacity)
        self.inference_budget = InferenceBudget(self.load)
        self.spool = SpoolThread(Spool(spool_folder or Path(settings.DATA_DIR) / "spool"))
        self.writers = HistoryWriters(self.spool)
        self.recovery = SpoolRecovery(self.spool.spool)
        self.provider_watch = ProviderWatch()
        self.refusals = Refusals()
        self.counts = SharedCounts()
        self.budgets = Budgets()
        self.open_connections = OpenConnections()
        self.prompt_threads = PromptThreads()
        self.recorded = RecordedSpeech()
        self.learning = Learning(
            Memories(),
            load=self.load,
            embeddings=embeddings(),
            sensitive=settings.KEEP_SENSITIVE_MEMORIES,
        )
        self.rehearsal = Rehearsal()
        self.reading_ahead = ReadingAhead()
        self.document_reading = DocumentReading(self.load)
        self.event_delivery = EventDelivery()
        self.tool_servers = ToolServers()
        self.calls = calls_of_settings()
        self.models_loaded = False

    @property
    def admitted_connections(self) -> int:
        return self.capacity.taken

    @property
    def waiting_turns(self) -> int:
        """Turns in memory that the database has not taken yet."""
        return self.writers.waiting

    @property
    def spooled_turns(self) -> int:
        """Turns on this machine's disk until the database has them."""
        return self.spool.spool.waiting

    # --- as the lifespan uses it ---

    def load_models(self, report: Callable[[str], None]) -> None:
        """Loads every model that the settings call for, telling `report` about each. Blocks for seconds."""
        process_memory.bound_arenas()
        tracing.set_up()
        for name, make in [("Silero and Smart Turn (when you speak)", turns.warm), *registry.warmers()]:
            begun = time.monotonic()
            make()
            report(f"  {name}: ready in {time.monotonic() - begun:.1f} s")
        process_memory.trim_heap()
        self.models_loaded = True

    def background(self) -> Iterable[Coroutine[Any, Any, None]]:
        return (
            self._sweep(),
            self._give_back(),
            self.load.watch(),
            self.recovery.run(),
            self.provider_watch.run(),
            self.rehearsal.run(),
            self.reading_ahead.run(),
            self.document_reading.run(),
            self.event_delivery.run(),
        )

    async def close(self) -> None:
        """Writes what is not written yet; what cannot be is left in the spool."""
        self.refusals.tell(last=True)
        await self.recorded.close()
        await self.tool_servers.close()
        if left := await self.writers.flush(0 if availability.away else SHUTDOWN_FLUSH_SECS):
            log.error("%d turns are left in the spool: the next process brings them home", left)
        await asyncio.to_thread(self.spool.close)

    async def _give_back(self) -> None:
        """Memory of models that rest, and of visitors who have left."""
        here = 0
        while True:
            await asyncio.sleep(GIVE_BACK_SECS)
            before, here = here, self.capacity.taken
            try:
                if await asyncio.to_thread(registry.give_back) or before or here:
                    await asyncio.to_thread(process_memory.trim_heap)
            except Exception:
                log.exception("memory could not be given back; trying again later")

    async def _sweep(self) -> None:
        while True:
            try:
                self.refusals.tell()
                await at_leisure(expiry.sweep)
                await asyncio.to_thread(process_memory.trim_heap)
            except TRANSIENT_ERRORS:
                pass  # away: whoever found out has said so
            except Exception:
                log.exception("sweeping failed; trying again later")
            await asyncio.sleep(expiry.SWEEP_SECS)


_default: Runtime | None = None
_lock = threading.Lock()


def default() -> Runtime:
    """The process's own, for whoever has no scope."""
    global _default  # noqa: PLW0603
    with _lock:
        if _default is None:
            _default = Runtime()
        return _default


def serving() -> Runtime:
    """A new one, which is the default from now on: for a server's lifespan."""
    global _default  # noqa: PLW0603
    with _lock:
        _default = Runtime()
        return _default


def of_scope(scope: Mapping[str, Any]) -> Runtime:
    """The one that serves a request or a connection."""
    found = (scope.get("state") or {}).get(RUNTIME)
    return found if isinstance(found, Runtime) else default()


def of_request(request: HttpRequest) -> Runtime:
    """The same for a Django view."""
    return of_scope(getattr(request, "scope", {}))
