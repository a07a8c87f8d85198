"""Request ids: a request's id and a session's id in every log line that is written on their behalf."""

import json
import logging
import re
import uuid

from django.http import HttpRequest, HttpResponseBase

from sessions_app.async_middleware import AsyncMiddleware
from sessions_app.log_context import request_id, session_id

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")  # what a proxy may have given; anything else is replaced


def identify(given: str) -> str:
    """Makes `given`, or a new one if that is no id, the id of what follows."""
    known = given if GIVEN.fullmatch(given) else uuid.uuid4().hex
    request_id.set(known)
    return known


class RequestId(AsyncMiddleware):
    """Middleware: takes the proxy's X-Request-ID or makes one, and gives it back with the answer."""

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        known = identify(request.headers.get(HEADER, ""))
        response = await self.get_response(request)
        response[HEADER] = known
        return response


class WithIds(logging.Filter):
    """Adds both ids to each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id, record.session_id = request_id.get(), session_id.get()
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line, made of what `inner` may say: see `greenroom.discretion`."""

    def __init__(self, inner: logging.Formatter):
        super().__init__()
        self.inner = inner

    def format(self, record: logging.LogRecord) -> str:
        known = {
            "at": self.inner.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self.inner.format(record),
            "request": getattr(record, "request_id", ""),
            "session": getattr(record, "session_id", ""),
        }
        return json.dumps({name: value for name, value in known.items() if value}, ensure_ascii=False)
