"""A receiver of events that answers as it is told to, an endpoint that leads there, and a session."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from asgiref.sync import sync_to_async

from sessions_app.database import database_clock
from sessions_app.manager import SyncSessionManager
from sessions_app.models import EventEndpoint, OutboxEvent
from sessions_app.outbox import secrets
from sessions_app.session import Session, Turn
from tests.characters.factory import make_character
from tests.voicebot.http_server import answering
from voicebot.events import EventDelivery
from voicebot.outbound import Posting

HERE = ipaddress.ip_network("127.0.0.1/32")


class Receiver:
    """Notes what it was sent: headers, and the body as it came."""

    def __init__(self) -> None:
        self.port = 0
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []  # the next ones; then 204
        self.refused: set[str] = set()  # sessions, whose events it answers with 500
        self.headers: dict[str, str] = {}
        self.held: asyncio.Event | None = None  # it answers nothing before this

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append((headers, await request.read()))
        if self.held:
            await self.held.wait()
        status = self.answers.pop(0) if self.answers else 204
        if any(session.encode() in self.got[-1][1] for session in self.refused):
            status = 500
        return web.Response(status=status, headers=self.headers)

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    async with answering(made.handle) as made.port:
        yield made


class House:
    """What a test does in the database, off its loop; its clock is moved by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.manager = SyncSessionManager(clock=database_clock)

    def clock(self) -> Any:
        return database_clock() + timedelta(seconds=self.ahead)

    def delivery(self, **more: Any) -> EventDelivery:
        return EventDelivery(lambda: Posting(networks=[HERE], plain_inside=True), self.clock, **more)

    @sync_to_async
    def endpoint(self, url: str, name: str = "crm", **more: Any) -> tuple[EventEndpoint, str]:
        made = EventEndpoint(name=name, url=url, **more)
        text = secrets.issue(made, self.clock())
        made.save()
        return made, text

    @sync_to_async
    def session(self, *words: str) -> Session:
        """One that was opened, and in which this was said."""
        visitor = f"anon:{uuid4().hex[:8]}"
        made = self.manager.create(character="marlow", visitor=visitor, metadata={"booking": "A7"})
        self.manager.open(made.id, made.token, uuid4())
        self._say(made, *words)
        return made

    def _say(self, session: Session, *words: str) -> None:
        before = self.manager.count_turns(session.id)
        for number, text in enumerate(words, before + 1):
            self.manager.append(session.id, [Turn(number, "user", text, False, database_clock())])

    say = sync_to_async(_say)

    @sync_to_async
    def states(self, **which: Any) -> list[str]:
        return list(OutboxEvent.objects.filter(**which).order_by("pk").values_list("state", flat=True))

    @sync_to_async
    def row(self, endpoint: EventEndpoint) -> EventEndpoint:
        return EventEndpoint.objects.get(pk=endpoint.pk)

    async def do(self, work: Any, *args: Any, **named: Any) -> Any:
        return await sync_to_async(work)(*args, **named)


@pytest.fixture
def house(transactional_db) -> House:
    make_character()
    return House()
