"""The Channels consumer: one WebSocket, from admission through its conversation to tear-down."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError

from sessions_app import log_context
from sessions_app.exceptions import (
    Draining,
    Replaced,
    SessionError,
    SessionNotFound,
    SessionOver,
    Unavailable,
)
from sessions_app.manager import SessionManager
from sessions_app.session import Session
from voicebot import runtime
from voicebot.connection.admission import Admission
from voicebot.connection.channel_events import ChannelGroups
from voicebot.connection.client_input import ClientInput
from voicebot.connection.conversation import INTERNAL_ERROR, Conversation
from voicebot.connection.heartbeat import keep_alive
from voicebot.connection.idle_close import IDLE
from voicebot.connection.ready_timeout import ReadyTimeout
from voicebot.connection.takeover import Takeover
from voicebot.history import TRANSIENT_ERRORS
from voicebot.ops import metrics
from voicebot.transport import serializer

log = logging.getLogger(__name__)

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class VoiceConsumer(AsyncWebsocketConsumer):
    """One WebSocket. Channels' `dispatch` sees its beginning, its end and the channel layer, never audio.

    Before each message `dispatch` closes old database connections in the one thread that all visitors
    share, so an audio packet would wait for that thread and for any query in it.
    """

    manager = SessionManager()

    def __init__(self) -> None:
        super().__init__()
        self.connection = uuid4()
        self._input = ClientInput()
        self._ready_timeout = ReadyTimeout()
        self._admission: Admission | None = None
        self._tasks: list[asyncio.Task] = []
        self._began = time.monotonic()
        self.torn_down = asyncio.Event()
        self.closing = False
        self._gone = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._runtime = runtime.of_scope(scope)
        groups = ChannelGroups(self)
        self._takeover = Takeover(groups, self.connection, self.replaced)
        rate = parse_qs(scope.get("query_string", b"").decode("latin1")).get("rate", [""])[0]
        self._conversation = Conversation(self, groups, self._takeover.predecessor, self._runtime, rate)
        control: asyncio.Queue[Message] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(receive, control))
        try:
            await super().__call__(scope, control.get, send)
        finally:
            listening.cancel()
            try:
                await self._tear_down()
            finally:
                await self._delete_channel()

    # --- messages of the client's ---

    async def _listen(self, receive: Receive, control: asyncio.Queue[Message]) -> None:
        """Takes what the client sends, also while it is being admitted; the rest is Channels'."""
        while True:
            message = await receive()
            if message["type"] == "websocket.receive":
                try:
                    await self._take(message)
                except Exception:  # it goes on: it is what notices that the client has gone
                    log.exception("a message of session %s could not be taken", self._takeover.session_id)
                    await self.close_with(INTERNAL_ERROR, "Something went wrong. Come back in a moment.")
                continue
            control.put_nowait(message)
            if message["type"] == "websocket.disconnect":
                self._gone = True
                if self._admission:  # a client that is gone takes the session from nobody who has come since
                    self._admission.close()
                return

    async def _take(self, message: Message) -> None:
        """Takes one message, in the receive loop itself."""
        if self.closing:
            return
        try:
            item = self._input.decode(message)
            self._ready_timeout.note(item)
            await self._conversation.transport.receive(item)
        except SessionError as error:
            await self.close_with(error.close_code, str(error), error.code)
        except serializer.WireError as error:
            await self.close_with(error.code, error.reason)

    # --- admission ---

    async def connect(self) -> None:
        # Accepted first: a browser is told the close code of an accepted socket only.
        await self.accept()
        admission = self._admission = Admission(
            self.scope, self.connection, self._runtime.capacity, self._runtime.counts
        )
        if self._gone:
            return
        try:
            async with asyncio.timeout(settings.AUTHENTICATE_SECS):
                session = await self._admit(admission)
        except TimeoutError:
            reason = "It took too long to let you in. Try again."
            await self.close_with(Unavailable.close_code, reason, "slow")
            return
        except SessionError as error:
            self._runtime.refusals.note("socket", error)
            await self.close_with(error.close_code, str(error), error.code)
            return
        except (DatabaseError, *TRANSIENT_ERRORS):  # whoever has found out has said so in the log
            await self.close_with(Unavailable.close_code, str(Unavailable.message), Unavailable.code)
            return
        if self.closing or self._gone:
            return
        metrics.connects.labels("again" if session.resumed else "new").inc()
        self._runtime.connections.live.add(self)
        self._input.admitted = True
        self._conversation.start(session)
        self._tasks.append(asyncio.create_task(self._keep_alive(admission, session)))
        if not session.same_client:  # who reconnects does not say it again
            self._tasks.append(asyncio.create_task(self._close_unless_ready()))

    async def _admit(self, admission: Admission) -> Session:
        """Takes the session over, and is heard of by its other connections. Raises SessionError."""
        session = await admission.admit(self.manager)
        log_context.session_id.set(str(session.id))
        await self._takeover.join(session)
        await self._conversation.updates.follow(session.character)
        await self._takeover.announce()
        return session

    # --- while it goes on ---

    async def _close_unless_ready(self) -> None:
        """Ends the connection of a client that opens a socket and leaves it at that."""
        if await self._ready_timeout.passes(lambda: self._conversation.speaks):
            reason = "Nothing came from this page. Start again when you like."
            await self.close_with(IDLE, reason, "not_ready")

    async def _keep_alive(self, admission: Admission, session: Session) -> None:
        async def touch() -> datetime:
            return await admission.heartbeat(self.manager, session, self._lasted_secs)

        async def expiring(secs: float) -> bool:
            return await self._conversation.warn("expiring", secs, reason="expired")

        error = await keep_alive(touch, expiring)
        await self.close_with(error.close_code, str(error), error.code)

    @property
    def _lasted_secs(self) -> float:
        return time.monotonic() - self._began

    # --- messages of the channel layer's, named by their types ---

    async def session_taken_over(self, message: Message) -> None:
        await self._takeover.on_taken_over(message)

    async def session_leaving(self, message: Message) -> None:
        self._takeover.on_leaving(message)

    async def session_left(self, message: Message) -> None:
        self._takeover.on_left(message)

    async def character_changed(self, message: Message) -> None:
        self._conversation.updates.on_changed(message)

    async def memories_changed(self, message: Message) -> None:
        await self._conversation.memories_changed()

    async def session_over(self, message: Message) -> None:
        """The session was ended or erased, perhaps by somebody else."""
        pipeline = self._conversation.pipeline
        if pipeline and pipeline.rtvi.answering:
            return  # by its own client, who is answered first: see Conversation._reload_session
        await self.close_with(SessionOver.close_code, "This conversation has ended.")

    # --- ending ---

    async def send_bytes(self, data: bytes) -> None:
        await self.send(bytes_data=data)

    async def replaced(self) -> None:
        """A newer connection has the session."""
        await self.close_with(Replaced.close_code, str(Replaced()))

    async def close_with(self, code: int, reason: str, why: str = "") -> None:
        """Closes the socket once; the rest follows when the client's side has answered."""
        if self.closing or self._gone:
            return
        self.closing = True
        metrics.refusals.labels(str(code), why).inc()
        self._conversation.hang_up()
        with suppress(Exception):  # the client may have gone in the same moment
            await self.close(code, reason[:120])
        await self._conversation.cancel()

    async def drain(self, secs: float) -> None:
        """The process is about to stop: the visitor hears of it, and their reply to its end."""
        if await self._conversation.warn("draining", secs):
            await self._conversation.settle(secs)
        await self.close_with(Draining.close_code, str(Draining.message), Draining.code)
        await self.torn_down.wait()

    async def _tear_down(self) -> None:
        """Leaves nothing behind: pipeline, tasks, groups, capacity. Runs on every way out, once."""
        self._runtime.connections.live.discard(self)
        try:
            await self._conversation.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            if self._admission:
                # Taken by a thread for which nobody has waited, perhaps: then it is given back here, too.
                self._takeover.session_id = self._takeover.session_id or self._admission.close()
            if self._takeover.session_id:
                await self._leave(self._takeover.session_id)
            if self._admission:
                with suppress(Exception):  # a cache that is away: the place is free again in a while
                    await self._admission.release(self._lasted_secs)
            self.torn_down.set()

    async def _leave(self, session_id: UUID) -> None:
        """Hands the session on: what was said is written, then whoever waits for it is told."""
        settled = await self._conversation.write_rest(session_id)
        with suppress(Exception):  # a channel layer that is away: the next connection waits a moment
            await self._takeover.leave(settled=settled)
            await self._conversation.updates.unfollow()
        try:
            await self.manager.disconnect(
                session_id,
                self.connection,
                latency_ms=self._conversation.latency_ms,
                secs=self._lasted_secs,
                errors=self._conversation.errors,
                settled=settled,
            )
        except (DatabaseError, *TRANSIENT_ERRORS):
            pass  # nobody confirms it any more, so it counts as idle soon
        except Exception:
            log.exception("session %s could not be marked as idle", session_id)

    async def _delete_channel(self) -> None:
        """Leaves the channel layer as it was before: also where the visitor went while being admitted."""
        layer, channel = getattr(self, "channel_layer", None), getattr(self, "channel_name", "")
        if layer and channel and hasattr(layer, "delete_channel"):
            with suppress(Exception):  # away: Redis forgets a subscription with its connection
                await layer.delete_channel(channel)


class NoSuchPath(AsyncWebsocketConsumer):
    """Answers every other WebSocket address, a malformed session id included."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(SessionNotFound.close_code, SessionNotFound.message)
