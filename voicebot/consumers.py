"""The bridge: a Channels consumer that lets a visitor in, runs the pipeline, and tears it down."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import Error as DatabaseError
from django.utils import timezone

from sessions_app.exceptions import (
    OriginRefused,
    Replaced,
    ServerFull,
    SessionError,
    SessionNotFound,
    SessionOver,
)
from sessions_app.manager import TOUCH_SECS, SessionManager
from sessions_app.session import Session
from voicebot import handover, memory, metrics, origins, wire
from voicebot.following import FollowsCharacter, cast, sheet_of
from voicebot.pipeline import VoicePipeline, quiet_secs
from voicebot.providers.errors import ProviderError
from voicebot.recorder import recorders
from voicebot.seats import seats
from voicebot.stage import Stage
from voicebot.transport import ChannelsTransport

log = logging.getLogger(__name__)

NORMAL, IDLE, INTERNAL_ERROR = 1000, 4408, 1011
FLUSH_SECS = 2.0  # for a leaving visitor's last turns; then they are written without anybody waiting
ANSWER_SECS = 1.0  # for the answer to a client message that ends the session
EXPIRING_SECS = 60.0  # before the end of a session its visitor is told
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class VoiceConsumer(FollowsCharacter, AsyncWebsocketConsumer):
    """One WebSocket. Channels' `dispatch` sees its beginning, its end and the channel layer, never audio.

    Before each message `dispatch` closes old database connections in the one thread that all visitors
    share, so an audio packet would wait for that thread and for any query in it.
    """

    manager = SessionManager()

    def __init__(self) -> None:
        super().__init__()
        self.connection = uuid4()
        self.session_id: UUID | None = None
        self._transport = ChannelsTransport(self._send_bytes)
        self._predecessor = handover.Predecessor()
        self._performing: asyncio.Task | None = None
        self._life: asyncio.Task | None = None
        self._began = time.monotonic()
        self._errors = 0  # of pipelines before this one
        self._farewell: asyncio.Task | None = None  # ends a connection in which nobody speaks
        self._seated = False
        self._closing = False
        self._gone = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        async def receive_control() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    self._gone = self._gone or message["type"] == "websocket.disconnect"
                    return message
                await self._hear(message)

        try:
            await super().__call__(scope, receive_control, send)
        finally:
            await self._tear_down()

    # --- letting a visitor in ---

    async def connect(self) -> None:
        # Accepted first: a browser is told the close code of an accepted socket only.
        await self.accept()
        try:
            session = await self._let_in()
        except SessionError as error:
            await self._close(error.close_code, str(error))
            return
        except DatabaseError:
            log.exception("a visitor could not be let in")
            await self._close(ServerFull.close_code, "Nothing can be looked up just now. Try again.")
            return
        self._performing = asyncio.create_task(self._perform(session))
        self._life = asyncio.create_task(self._show_life(session.id))

    async def _let_in(self) -> Session:
        """Checks origin and token, and takes the session over. Raises SessionError."""
        headers = dict(self.scope["headers"])
        origin = headers.get(b"origin")
        host = headers.get(b"host", b"").decode("latin1")
        if not origins.is_allowed(origin.decode("latin1") if origin is not None else None, host):
            raise OriginRefused
        seats.take()
        self._seated = True
        query = parse_qs(self.scope["query_string"].decode("latin1"))
        token = query.get("token", [""])[0]
        session_id = self.scope["url_route"]["kwargs"]["session_id"]
        session = await self.manager.open(session_id, token, self.connection)
        self.session_id = session.id
        await self.channel_layer.group_add(handover.group_of(session.id), self.channel_name)
        await self.follow(session.character)
        await self._tell("session.taken_over")
        return session

    async def _perform(self, session: Session) -> None:
        """Runs the conversation; whatever ends it ends the connection."""
        code, reason = NORMAL, "The conversation paused."
        try:
            await self._predecessor.gone(session.previous)
            while True:
                self._pipeline = await self._make_pipeline(session)
                await self.catch_up()
                await self._pipeline.run()
                if not self._recasting:
                    break
                session = await self._cast_anew(session)
        except SessionError as error:
            code, reason = error.close_code, str(error)
        except ProviderError as error:
            log.error("no pipeline for session %s: %s", session.id, error)
            code, reason = ServerFull.close_code, "This character cannot speak at the moment."
        except Exception:
            log.exception("the pipeline of session %s failed", session.id)
            code = INTERNAL_ERROR
        await self._close(code, reason)

    async def _cast_anew(self, session: Session) -> Session:
        """The character needs other services: the same client goes on with a pipeline that has them."""
        self._recasting = False
        self._count(self._pipeline)
        turns = self._pipeline.stage.recorder.sequence if self._pipeline else 0
        self._transport = ChannelsTransport(self._send_bytes)
        return replace(await self.manager.get(session.id), same_client=True, turns=turns)

    async def _make_pipeline(self, session: Session) -> VoicePipeline:
        """The pipeline of a session as it stands. Raises SessionError, ProviderError."""
        await recorders.settled(session.id, FLUSH_SECS)
        past = await self.manager.past(session.id, memory.NEWEST_TURNS)
        recorder = recorders.of(self.manager, session.id)
        recorder.behind(past.turns[-1].sequence if past.turns else past.summarised)
        sheet = await sheet_of(session)
        services, limit = await cast(sheet)
        stage = Stage(session, sheet, self.manager, recorder, self.connection, limit=limit)
        before, warning = quiet_secs()

        async def quiet() -> None:
            await self._warn(warning)

        pipeline = VoicePipeline(stage, self._transport, past, services, quiet_secs=before, on_quiet=quiet)

        @pipeline.rtvi.event_handler("on_answered")
        async def answered(_rtvi: Any, _message: Any) -> None:
            await self._look_again(stage, pipeline)

        return pipeline

    # --- while it goes on ---

    async def _look_again(self, stage: Stage, pipeline: VoicePipeline) -> None:
        """A client message may have changed metadata or character, or have ended the session."""
        pipeline.life.set()
        try:
            session = await self.manager.get(stage.session.id)
            switched = session.character != stage.session.character
            stage.session = session
            if switched:
                await self.follow(session.character)
                await self.recast(pipeline, await sheet_of(session))
        except SessionOver as error:
            await pipeline.worker.flush_pipeline(ANSWER_SECS)  # the answer goes out before the line closes
            await self._close(error.close_code, str(error))
        except Exception:
            log.exception("session %s could not be read again", stage.session.id)

    async def _show_life(self, session_id: UUID) -> None:
        """Keeps the session alive while it is connected, and notices when it no longer should be."""
        warned = False
        while True:
            await asyncio.sleep(TOUCH_SECS)
            try:
                expires_at: datetime = await self.manager.touch(session_id, self.connection)
            except SessionError as error:
                await self._close(error.close_code, str(error))
                return
            except Exception:
                log.exception("session %s could not be touched; trying again", session_id)
                continue
            left = (expires_at - timezone.now()).total_seconds()
            if left < EXPIRING_SECS and not warned and self._pipeline:
                warned = True
                message = {"type": "expiring", "reason": "expired", "inSecs": round(left)}
                await self._pipeline.rtvi.send_server_message(message)

    async def _warn(self, secs: float) -> None:
        """It has been quiet: says so, and closes the line if it stays quiet."""
        if self._pipeline is None or (self._farewell and not self._farewell.done()):
            return
        message = {"type": "expiring", "reason": "idle", "inSecs": round(secs)}
        await self._pipeline.rtvi.send_server_message(message)
        self._farewell = asyncio.create_task(self._leave_if_quiet(self._pipeline, secs))

    async def _leave_if_quiet(self, pipeline: VoicePipeline, secs: float) -> None:
        if not await pipeline.life.within(secs):
            await self._close(IDLE, "It has been quiet for a while. Come back whenever you like.")

    # --- messages ---

    async def _hear(self, message: Message) -> None:
        """Takes one message of the client's, in the receive loop itself."""
        if self._closing:
            return
        data = message.get("bytes")
        try:
            if data is None:
                raise wire.WireError(wire.UNSUPPORTED_DATA, "no text frames: send Pipecat protobuf")
            self._transport.receive(wire.decode(data))
        except wire.WireError as error:
            await self._close(error.code, error.reason)

    async def session_taken_over(self, message: Message) -> None:
        """Channel layer: a newer connection has the session now."""
        if message["connection"] != str(self.connection):
            await self._tell("session.leaving")
            await self._close(Replaced.close_code, Replaced.message)

    async def session_leaving(self, message: Message) -> None:
        """Channel layer: the older connection is there, and writes down what it still knows."""
        self._predecessor.is_leaving(message["connection"])

    async def session_left(self, message: Message) -> None:
        """Channel layer: the older connection has written everything down."""
        self._predecessor.has_left(message["connection"])

    async def session_over(self, message: Message) -> None:
        """Channel layer: the session was ended or erased, perhaps by somebody else."""
        if self._pipeline and self._pipeline.rtvi.answering:
            return  # by its own client, who is answered first: see _look_again
        await self._close(SessionOver.close_code, "This conversation has ended.")

    async def _tell(self, what: str) -> None:
        """Tells the other connections of this session something."""
        if self.session_id:
            message = {"type": what, "connection": str(self.connection)}
            await self.channel_layer.group_send(handover.group_of(self.session_id), message)

    # --- leaving ---

    async def _send_bytes(self, data: bytes) -> None:
        await self.send(bytes_data=data)

    async def _close(self, code: int, reason: str) -> None:
        """Closes the socket once; the rest follows when the client's side has answered."""
        if self._closing or self._gone:
            return
        self._closing = True
        metrics.refusals.labels(str(code)).inc()
        self._transport.hang_up()
        with suppress(Exception):  # the client may have gone in the same moment
            await self.close(code, reason[:120])
        if self._pipeline:
            await self._pipeline.cancel()

    async def _tear_down(self) -> None:
        """Leaves nothing behind: pipeline, tasks, group, seat. Runs on every way out, once."""
        try:
            await self._stop_performing()
        finally:
            if self.session_id:
                await self._leave(self.session_id)
            if self._seated:
                self._seated = False
                seats.leave()

    async def _stop_performing(self) -> None:
        if self._performing and self._pipeline:
            await self._pipeline.stop(self._performing)
        tasks = [task for task in (self._performing, self._life, self._farewell, self._news) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _leave(self, session_id: UUID) -> None:
        """Hands the session on: what was said is written, then whoever waits for it is told."""
        await recorders.leave(session_id, FLUSH_SECS)
        with suppress(Exception):  # a channel layer that is away: the next connection waits a moment
            await self._tell("session.left")
            await self.unfollow()
            await self.channel_layer.group_discard(handover.group_of(session_id), self.channel_name)
        try:
            self._count(self._pipeline)
            await self.manager.disconnect(
                session_id,
                self.connection,
                latency_ms=self._pipeline.life.latency_ms if self._pipeline else None,
                secs=time.monotonic() - self._began,
                errors=self._errors,
            )
        except Exception:
            log.exception("session %s could not be marked as idle", session_id)

    def _count(self, pipeline: VoicePipeline | None) -> None:
        """Keeps the count of a pipeline's errors when it ends."""
        if pipeline:
            self._errors += pipeline.life.errors
            metrics.errors.inc(pipeline.life.errors)


class NoSuchPath(AsyncWebsocketConsumer):
    """Answers every other WebSocket address, a malformed session id included."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(SessionNotFound.close_code, SessionNotFound.message)
