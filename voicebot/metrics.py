"""What Prometheus may know: counts and times, no words, no visitors, no label that a visitor chooses."""

import asyncio

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

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
refusals = Counter("greenroom_refusals_total", "Connections that were closed from here, by code.", ["code"])
tasks = Gauge("greenroom_tasks", "Tasks of this process's event loop; level when nothing leaks.")
errors = Counter("greenroom_errors_total", "Errors that providers or the pipeline reported.")


def note(timing: Timing) -> None:
    """Counts a reply."""
    for stage in ("total", "end_of_turn", "stt", "llm", "tts", "out"):
        reply_secs.labels(stage).observe(getattr(timing, stage))


@require_safe
async def show(request: HttpRequest) -> HttpResponse:
    """GET /metrics, in Prometheus's text format."""
    tasks.set(len(asyncio.all_tasks()))
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
