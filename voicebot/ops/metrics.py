"""What Prometheus may know: counts and times, no words, no visitors, no label that a visitor chooses."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Protocol

from django.db import DatabaseError
from django.db.models import Count
from prometheus_client import Counter, Gauge, Histogram, generate_latest

from sessions_app import outbox
from sessions_app.database import database_clock, in_database
from sessions_app.models import VoiceSession
from sessions_app.stores import get_store

BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
reply_secs = Histogram(
    "greenroom_reply_seconds",
    "From the end of a visitor's words to the first sound of the reply, whole and by stage.",
    ["stage"],
    buckets=BUCKETS,
)
connections = Gauge("greenroom_connections", "Connections that are open in this process.")
connects = Counter("greenroom_connects_total", "Connections that were let in: new, or again.", ["kind"])
refusals = Counter(
    "greenroom_refusals_total",
    "Connections closed from here and requests refused, by code and reason.",
    ["code", "reason"],
)
turns = Counter("greenroom_turns_total", "Finished turns, by who spoke.", ["role"])
waiting_turns = Gauge("greenroom_waiting_turns", "Turns in memory that the database has not taken yet.")
spooled_turns = Gauge("greenroom_spooled_turns", "Turns on this machine's disk until the database has them.")
queued = Gauge("greenroom_queued_inferences", "Work that waits for a local model.", ["model"])
sessions = Gauge("greenroom_sessions", "Sessions by state, where they are kept in the database.", ["state"])
tasks = Gauge("greenroom_tasks", "Tasks of this process's event loop; level when nothing leaks.")
replies_from = Counter(
    "greenroom_small_model_replies_total",
    "Replies of the small local model's characters: written, the model's own, cut short, or said instead.",
    ["source"],
)
errors = Counter("greenroom_errors_total", "Errors that providers reported, by stage.", ["stage"])
event_deliveries = Counter("greenroom_event_deliveries_total", "Tries to deliver an event.", ["outcome"])
events_waiting = Gauge("greenroom_events_waiting", "Events that wait for endpoints that are on.")
events_oldest_secs = Gauge("greenroom_events_oldest_seconds", "Age of the oldest of them; 0 without any.")
events_failed = Gauge("greenroom_events_given_up", "Events that were given up and are still kept.")
llm_tokens = Counter(
    "greenroom_llm_tokens_total", "Tokens of language models, by provider and kind.", ["provider", "kind"]
)
stt_secs = Counter(
    "greenroom_stt_seconds_total", "Seconds of sound that recognisers were sent, by provider.", ["provider"]
)
tts_characters = Counter(
    "greenroom_tts_characters_total", "Characters that voices were given, by provider.", ["provider"]
)
tts_secs = Counter("greenroom_tts_seconds_total", "Seconds of sound of voices, by provider.", ["provider"])
SESSIONS_SECS = 15  # between two counts of the sessions: an index scan, but not one for every scrape
_counted_at = 0.0
_writing = threading.Lock()


def _count_sessions() -> None:
    if not get_store().in_rows:
        sessions.clear()  # a zero would be believed
        return
    counts = dict(VoiceSession.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in VoiceSession.State.values:
        sessions.labels(state).set(counts.get(state, 0))


def _count_events() -> None:
    backlog = outbox.retention.backlog(database_clock.carried())
    events_waiting.set(backlog.waiting)
    events_oldest_secs.set(backlog.oldest_secs)
    events_failed.set(backlog.failed)


def watch_queue(model: str, depth: Callable[[], int]) -> None:
    """Shows how much waits for a model."""
    queued.labels(model).set_function(depth)


class Shown(Protocol):
    """What a process shows of itself."""

    @property
    def admitted_connections(self) -> int: ...

    @property
    def waiting_turns(self) -> int: ...

    @property
    def spooled_turns(self) -> int: ...


def note_reply(secs: Mapping[str, float]) -> None:
    """Counts a reply: how long each stage of it took."""
    for stage, taken in secs.items():
        reply_secs.labels(stage).observe(taken)


def note_usage(provider: str, amounts: Mapping[str, int]) -> None:
    """Counts what a provider was used for, by the names of `Usage.AMOUNTS`."""
    for name, amount in amounts.items():
        if name.endswith("_tokens"):
            llm_tokens.labels(provider, name.removesuffix("_tokens")).inc(amount)
    for name, counter, per in (
        ("heard_ms", stt_secs, 1000),
        ("characters", tts_characters, 1),
        ("spoken_ms", tts_secs, 1000),
    ):
        if amount := amounts.get(name, 0):
            counter.labels(provider).inc(amount / per)


async def text(process: Shown) -> bytes:
    """All of it in Prometheus's text format, with the gauges of this process. On the event loop."""
    global _counted_at  # noqa: PLW0603
    if time.monotonic() - _counted_at > SESSIONS_SECS:
        _counted_at = time.monotonic()
        with suppress(DatabaseError):  # then the last count stands
            await in_database(_count_sessions)
            await in_database(_count_events)
    with _writing:  # another's gauges, in another thread, do not come between these
        tasks.set(len(asyncio.all_tasks()))
        connections.set(process.admitted_connections)
        waiting_turns.set(process.waiting_turns)
        spooled_turns.set(process.spooled_turns)
        return generate_latest()
