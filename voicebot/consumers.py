"""The bridge: a Channels consumer that lets a visitor in, runs the pipeline, and tears it down."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from sessions_app import current
from sessions_app.exceptions import (
    ServerFull,
    SessionError,
    SessionNotFound,
    SessionOver,
)
from sessions_app.manager import TOUCH_SECS, SessionManager
from sessions_app.session import Session
from voicebot import handover, limits, memory, metrics, wire
from voicebot.door import Door
from voicebot.following import FollowsCharacter, cast, sheet_of
from voicebot.house import house
from voicebot.life import quiet_secs
from voicebot.pipeline import VoicePipeline
from voicebot.providers.errors import ProviderError
from voicebot.recorder import recorders
from voicebot.stage import Stage
from voicebot.transport import ChannelsTransport

log = logging.getLogger(__name__)

NORMAL, IDLE, INTERNAL_ERROR = 1000, 4408, 1011
FLUSH_SECS = 2.0  # for a leaving visitor's last turns; then they are written without anybody waiting
REPLY_END_SECS = 1.0  # for what is told of a reply's end to go out
LEAVE_SECS = 0.5  # for the client that has ended its session to hang up
EXPIRING_SECS = 60.0  # before the end of a session its visitor is told
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class VoiceConsumer(handover.HandsOver, FollowsCharacter, AsyncWebsocketConsumer):
    """One WebSocket. Channels' `dispatch` sees its beginning, its end and the channel layer, never audio.

    Before each message `dispatch` closes old database connections in the one thread that all visitors
    share, so an audio packet would wait for that thread and for any query in it.
    """

    manager = SessionManager()

    def __init__(self) -> None:
        super().__init__()
        self._transport = ChannelsTransport(self._send_bytes)
        self._performing: asyncio.Task | None = None
        self._life: asyncio.Task | None = None
        self._began = time.monotonic()
        self._errors = 0  # of pipelines before this one
        self._farewell: asyncio.Task | None = None  # ends a connection in which nobody speaks
        self._door: Door | None = None
        self._early_bytes = 0  # heard before the visitor was let in
        self._messages = limits.Bucket(5 * settings.MESSAGES_PER_SEC, settings.MESSAGES_PER_SEC)
        self._bytes = limits.Bucket(20 * settings.AUDIO_BYTES_PER_SEC, settings.AUDIO_BYTES_PER_SEC)
        self._torn_down = asyncio.Event()
        self._closing = False
        self._gone = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        control: asyncio.Queue[Message] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(receive, control))
        try:
            await super().__call__(scope, control.get, send)
        finally:
            listening.cancel()
            await self._tear_down()

    async def _listen(self, receive: Receive, control: asyncio.Queue[Message]) -> None:
        """Hears the client, also while it is being let in; the rest is Channels'."""
        while True:
            message = await receive()
            if message["type"] == "websocket.receive":
                try:
                    await self._hear(message)
                except Exception:  # the ear stays open: it is what hears that the client has gone
                    log.exception("a message of session %s could not be taken", self.session_id)
                    await self.close_with(INTERNAL_ERROR, "Something went wrong. Come back in a moment.")
                continue
            control.put_nowait(message)
            if message["type"] == "websocket.disconnect":
                self._gone = True
                return

    # --- letting a visitor in ---

    async def connect(self) -> None:
        # Accepted first: a browser is told the close code of an accepted socket only.
        await self.accept()
        door = self._door = Door(self.scope, self.connection)
        try:
            async with asyncio.timeout(settings.AUTHENTICATE_SECS):
                session = await self._let_in(door)
        except SessionError as error:
            await self.close_with(error.close_code, str(error), error.code)
            return
        except TimeoutError:
            await self.close_with(ServerFull.close_code, "It took too long to let you in. Try again.", "slow")
            return
        except DatabaseError:
            log.exception("a visitor could not be let in")
            await self.close_with(ServerFull.close_code, "Nothing can be looked up just now. Try again.")
            return
        if self._closing or self._gone:
            return
        metrics.connects.labels("again" if session.resumed else "new").inc()
        house.guests.add(self)
        self._performing = asyncio.create_task(self._perform(session))
        self._life = asyncio.create_task(self._show_life(door, session))

    async def _let_in(self, door: Door) -> Session:
        """Takes the session over, and is heard of by its other connections. Raises SessionError."""
        session = await door.enter(self.manager)
        self.session_id, self.hold = session.id, session.revision
        current.session_id.set(str(session.id))
        await self.channel_layer.group_add(handover.group_of(session.id), self.channel_name)
        await self.follow(session.character)
        await self.tell_others("session.taken_over")
        return session

    async def _perform(self, session: Session) -> None:
        """Runs the conversation; whatever ends it ends the connection."""
        code, reason = NORMAL, "The conversation paused."
        try:
            await self.predecessor.gone(session.previous)
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
        await self.close_with(code, reason)

    async def _cast_anew(self, session: Session) -> Session:
        """The character needs other services: the same client goes on with a pipeline that has them."""
        self._recasting = False
        turns = 0
        if self._pipeline:
            self._errors += self._pipeline.life.errors.total()
            turns = self._pipeline.stage.recorder.sequence
        self._transport = ChannelsTransport(self._send_bytes)
        return replace(await self.manager.get(session.id), same_client=True, turns=turns)

    async def _make_pipeline(self, session: Session) -> VoicePipeline:
        """The pipeline of a session as it stands. Raises SessionError, ProviderError."""
        await recorders.settled(session.id, FLUSH_SECS)
        past = await self.manager.past(session.id, memory.NEWEST_TURNS)
        recorder = recorders.of(self.manager, session.id)
        recorder.behind(max((turn.sequence for turn in past.turns), default=past.summarised))
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
            await pipeline.retune()
            if switched:
                await self.follow(session.character)
                await self.recast(pipeline, await sheet_of(session))
        except SessionOver as error:
            with suppress(TimeoutError):  # whoever has ended it leaves; closed first, it would complain
                await asyncio.wait_for(self._torn_down.wait(), LEAVE_SECS)
            await self.close_with(error.close_code, str(error), error.code)
        except Exception:
            log.exception("session %s could not be read again", stage.session.id)

    async def _show_life(self, door: Door, session: Session) -> None:
        """Keeps the session alive while it is connected, and notices when it no longer should be."""
        warned = False
        while True:
            await asyncio.sleep(TOUCH_SECS)
            try:
                expires_at = await door.stay(self.manager, session)
            except SessionError as error:
                await self.close_with(error.close_code, str(error), error.code)
                return
            except Exception:
                log.exception("session %s could not be touched; trying again", session.id)
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
            await self.close_with(IDLE, "It has been quiet for a while. Come back whenever you like.")

    # --- messages ---

    async def _hear(self, message: Message) -> None:
        """Takes one message of the client's, in the receive loop itself."""
        if self._closing:
            return
        data = message.get("bytes")
        size = len(data or message.get("text") or "")
        try:
            if self._performing is None:
                self._early_bytes += size
                if self._early_bytes > settings.BYTES_BEFORE_AUTHENTICATION:
                    raise limits.TooMuchTooEarly
            if not self._messages.take(1) or not self._bytes.take(size):
                raise limits.TooMuch
            if data is None:
                raise wire.WireError(wire.UNSUPPORTED_DATA, "no text frames: send Pipecat protobuf")
            await self._transport.receive(wire.decode(data))
        except SessionError as error:
            await self.close_with(error.close_code, str(error), error.code)
        except wire.WireError as error:
            await self.close_with(error.code, error.reason)

    async def session_over(self, message: Message) -> None:
        """Channel layer: the session was ended or erased, perhaps by somebody else."""
        if self._pipeline and self._pipeline.rtvi.answering:
            return  # by its own client, who is answered first: see _look_again
        await self.close_with(SessionOver.close_code, "This conversation has ended.")

    # --- leaving ---

    async def _send_bytes(self, data: bytes) -> None:
        await self.send(bytes_data=data)

    async def close_with(self, code: int, reason: str, why: str = "") -> None:
        """Closes the socket once; the rest follows when the client's side has answered."""
        if self._closing or self._gone:
            return
        self._closing = True
        metrics.refusals.labels(str(code), why).inc()
        self._transport.hang_up()
        with suppress(Exception):  # the client may have gone in the same moment
            await self.close(code, reason[:120])
        if self._pipeline:
            await self._pipeline.cancel()

    async def see_out(self, secs: float) -> None:
        """The process is about to stop: the visitor hears of it, and their reply to its end."""
        if self._pipeline:
            await self._pipeline.rtvi.send_server_message({"type": "draining", "inSecs": round(secs)})
            await self._pipeline.life.calm(secs)
            await self._pipeline.worker.flush_pipeline(REPLY_END_SECS)
        await self.close_with(
            ServerFull.close_code, "The server restarts. Come back in a moment.", "draining"
        )
        await self._torn_down.wait()

    async def _tear_down(self) -> None:
        """Leaves nothing behind: pipeline, tasks, group, seat. Runs on every way out, once."""
        house.guests.discard(self)
        try:
            await self._stop_performing()
        finally:
            if self.session_id:
                await self._leave(self.session_id)
            if self._door:
                with suppress(Exception):  # a cache that is away: the place is free again in a while
                    await self._door.leave()
            self._torn_down.set()

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
            await self.tell_others("session.left")
            await self.unfollow()
            await self.channel_layer.group_discard(handover.group_of(session_id), self.channel_name)
        try:
            life = self._pipeline.life if self._pipeline else None
            await self.manager.disconnect(
                session_id,
                self.connection,
                latency_ms=life.latency_ms if life else None,
                secs=time.monotonic() - self._began,
                errors=self._errors + (life.errors.total() if life else 0),
            )
        except Exception:
            log.exception("session %s could not be marked as idle", session_id)


class NoSuchPath(AsyncWebsocketConsumer):
    """Answers every other WebSocket address, a malformed session id included."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(SessionNotFound.close_code, SessionNotFound.message)
