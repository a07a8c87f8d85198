"""What Prometheus may know: counts and times, no words, no visitors, no label that a visitor chooses."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from django.db import DatabaseError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

from sessions_app.database import in_database
from sessions_app.models import VoiceSession
from voicebot.recorder import recorders
from voicebot.seats import seats
from voicebot.timing import Timing

BUCKETS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
reply_secs = Histogram(
    "greenroom_reply_seconds",
    "From the end of a visitor's words to the first sound of the reply, whole and by stage.",
    ["stage"],
    buckets=BUCKETS,
)
connections = Gauge("greenroom_connections", "Connections that are open in this process.")
connections.set_function(lambda: seats.taken)
connects = Counter("greenroom_connects_total", "Connections that were let in: new, or again.", ["kind"])
refusals = Counter(
    "greenroom_refusals_total",
    "Connections closed from here and requests refused, by code and reason.",
    ["code", "reason"],
)
turns = Counter("greenroom_turns_total", "Finished turns, by who spoke.", ["role"])
waiting_turns = Gauge("greenroom_waiting_turns", "Turns in memory that the database has not taken yet.")
waiting_turns.set_function(lambda: recorders.waiting)
queued = Gauge("greenroom_queued_inferences", "Work that waits for a local model.", ["model"])
sessions = Gauge("greenroom_sessions", "Sessions in the database, by state.", ["state"])
tasks = Gauge("greenroom_tasks", "Tasks of this process's event loop; level when nothing leaks.")
errors = Counter("greenroom_errors_total", "Errors that providers reported, by stage.", ["stage"])
SESSIONS_SECS = 15  # between two counts of the sessions: an index scan, but not one for every scrape
_counted_at = 0.0


def _count_sessions() -> None:
    counts = dict(VoiceSession.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in VoiceSession.State.values:
        sessions.labels(state).set(counts.get(state, 0))


def watch_queue(model: str, depth: Callable[[], int]) -> None:
    """Shows how much waits for a model."""
    queued.labels(model).set_function(depth)


def note(timing: Timing) -> None:
    """Counts a reply."""
    for stage in ("total", "end_of_turn", "stt", "llm", "tts", "out"):
        reply_secs.labels(stage).observe(getattr(timing, stage))


@require_safe
async def show(request: HttpRequest) -> HttpResponse:
    """GET /metrics, in Prometheus's text format."""
    global _counted_at  # noqa: PLW0603
    tasks.set(len(asyncio.all_tasks()))
    if time.monotonic() - _counted_at > SESSIONS_SECS:
        _counted_at = time.monotonic()
        with suppress(DatabaseError):  # then the last count stands
            await in_database(_count_sessions)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
