"""Body limit: bodies of requests are limited in bytes and in time before anything reads or stores them.

Django's handler writes a body to disk before it knows whose address it is for; so the limit stands before it.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from asgiref.typing import ASGI3Application
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import Error as DatabaseError
from django.http import HttpRequest, parse_cookie

from greenroom.http import places
from greenroom.http.middleware import Sessions
from sessions_app.database import in_database

KIB, MIB = 1024, 1024 * 1024
# Bytes. What editors import is one card of 32 MB at most, or several in one drop.
PUBLIC, DESK = 64 * KIB, 128 * MIB
LOGIN = "greenroom.login"  # in the scope: the session that was read for it
# A body has this long, and a second more for each so many bytes: slower is nobody who waits for an answer.
PATIENCE_SECS, LEAST_BYTES_PER_SEC = 10.0, 32 * KIB


async def most_bytes(scope: Any) -> int:
    """How many bytes a request may bring: much only from somebody who is signed in, at the desk."""
    if not scope["path"].startswith(places.desk()):
        return PUBLIC
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin1")
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    login = await in_database(_login, key) if key else None
    if login is None:
        return PUBLIC
    scope[LOGIN] = login
    return DESK


def _login(key: str) -> Any:
    """The session of the login with this key, None if there is none, or nobody can say."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    try:
        return store if SESSION_KEY in store else None
    except DatabaseError:
        return None


BODY_HEADERS = (b"content-length", b"transfer-encoding")


class LoginSessions(Sessions):
    """Django's sessions; one that was read to decide about the body is not read again."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        known = getattr(request, "scope", {}).get(LOGIN)
        if known is not None and known.session_key == request.session.session_key:
            request.session = known


class BodyRefused(Exception):
    """A body that is not read any further; what is answered instead."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(code)
        self.status = status
        self.body = json.dumps({"error": {"code": code, "message": message}}).encode()


def too_large(most: int) -> BodyRefused:
    return BodyRefused(413, "too_large", f"A request may have {most} bytes here.")


class BodyLimit:
    """ASGI: answers 413 for a body that is too large, 408 for one that does not come, and closes the line."""

    def __init__(self, app: ASGI3Application, clock: Callable[[], float] | None = None):
        self.app = app
        self._clock = clock or (lambda: asyncio.get_running_loop().time())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith((places.home(), places.desk())):
            await self.app(scope, receive, send)  # of the project around us, which has limits of its own
            return
        announced = _announced(scope)
        most = PUBLIC if announced is not None and announced <= PUBLIC else await most_bytes(scope)
        answer = _Answer(send)
        body = _Body(receive, most, self._clock)
        try:
            if announced is not None and announced > most:
                raise too_large(most)
            await self.app(scope, body.receive, answer.send)
        except BodyRefused as refused:
            body.refused = refused
        if body.refused:
            await answer.refuse(body.refused)


def _announced(scope: Any) -> int | None:
    """The Content-Length, 0 for a request without a body, None for one that comes in chunks of any number."""
    named = [(name, value) for name, value in scope["headers"] if name in BODY_HEADERS]
    if any(name == b"transfer-encoding" for name, _ in named):
        return None
    return max((int(value) for _, value in named if value.isdigit()), default=0)


@dataclass
class _Body:
    """What is left of a request's body."""

    inner: Callable[[], Any]
    most: int
    clock: Callable[[], float]
    refused: BodyRefused | None = None

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._bytes = 0
        self._whole = False

    async def receive(self) -> Any:
        """The next part; for a body that is refused, that the client has gone."""
        if self._whole:
            return await self.inner()
        if self.refused:
            return {"type": "http.disconnect"}
        left = PATIENCE_SECS + self._bytes / LEAST_BYTES_PER_SEC - (self.clock() - self._began)
        try:
            if left <= 0:  # what is there already would come in spite of the time-out
                raise TimeoutError
            async with asyncio.timeout(left):
                message = await self.inner()
        except TimeoutError:
            return self._refuse(BodyRefused(408, "too_slow", "The request did not come in time."))
        self._bytes += len(message.get("body", b""))
        if self._bytes > self.most:
            return self._refuse(too_large(self.most))
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def _refuse(self, refused: BodyRefused) -> dict[str, str]:
        self.refused = refused
        return {"type": "http.disconnect"}


@dataclass
class _Answer:
    """The way back, on which a refusal goes out only if nothing else has."""

    inner: Callable[[Any], Any]
    begun: bool = False

    async def send(self, message: Any) -> None:
        self.begun = True
        await self.inner(message)

    async def refuse(self, refused: BodyRefused) -> None:
        if self.begun:
            return
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        start = {"type": "http.response.start", "status": refused.status, "headers": headers}
        await self.inner(start)
        await self.inner({"type": "http.response.body", "body": refused.body})
