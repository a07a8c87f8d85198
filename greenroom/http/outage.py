"""Outage answers while PostgreSQL is away: 503 with Retry-After, as JSON under /api/, else as a page."""

import sys

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from greenroom.http import places
from sessions_app.async_middleware import AsyncMiddleware
from sessions_app.database import availability, is_away
from sessions_app.exceptions import Unavailable
from sessions_app.shared_cache import AWAY
from voicebot.http import error_pages

# What asks no database: files, and these below our prefix.
ANSWERED_ALL_THE_SAME = (
    *("media/", "healthz", "readyz", "metrics", "embed.js"),
    *("manifest.webmanifest", "service-worker.js", "offline/"),
)


@error_pages.in_visitors_language
def unavailable(request: HttpRequest) -> HttpResponse:
    """503."""
    error = Unavailable()
    context = {"retry_after_secs": error.retry_after_secs, "here": request.get_full_path()}
    return error_pages.answer(request, error, "greenroom/unavailable.html", context)


def answer_to(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """The answer to a request that failed because something was away; None for any other failure."""
    if not isinstance(error, (DatabaseError, *AWAY)):
        return None
    if is_away(error):
        availability.suspect()
    return unavailable(request)


def on_server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: also for what fails in middleware, where no view is."""
    return answer_to(request, sys.exc_info()[1]) or error_pages.server_error(request)


def _answered_all_the_same() -> tuple[str, ...]:
    home = places.home()
    return (settings.STATIC_URL, settings.MEDIA_URL, *(home + name for name in ANSWERED_ALL_THE_SAME))


class WhileAway(AsyncMiddleware):
    """Middleware: nobody waits for a database that is known to be away, and who has waited hears why."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if availability.away and not request.path.startswith(_answered_all_the_same()):
            return await sync_to_async(unavailable, thread_sensitive=False)(request)
        return await self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return answer_to(request, exception)
