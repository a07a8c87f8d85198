"""The conversation of one connection: builds its pipeline, and rebuilds it when the character needs that."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from characters.spec import CharacterSpec
from sessions_app.exceptions import ServerFull, SessionError, SessionOver, Unavailable
from sessions_app.session import Past, Session
from voicebot.connection.channel_events import ChannelGroups
from voicebot.connection.character_updates import CharacterUpdates, build_services
from voicebot.connection.owner import Connection
from voicebot.connection.takeover import Predecessor
from voicebot.connection.timeouts import IdleClose, quiet_secs
from voicebot.history import CONTEXT_TURNS, TRANSIENT_ERRORS, HistoryWriter
from voicebot.memories import Remembering
from voicebot.pipeline import ConversationState, Event, SessionContext, VoicePipeline, compile_lore
from voicebot.providers import ProviderError
from voicebot.runtime import Runtime
from voicebot.transport import ChannelsTransport, LineRate
from voicebot.usage import ConnectionMeter

log = logging.getLogger(__name__)

NORMAL, INTERNAL_ERROR = 1000, 1011
LEAVING_FLUSH_SECS = 2.0  # for a leaving visitor's last turns; then they are written without anybody waiting
LOOK_AGAIN_SECS = 1.0  # for what came last to be taken in; a reply to it takes longer
LEAVE_SECS = 0.5  # for the client that has ended its session to hang up


class Conversation:
    """Owns the pipeline and the transport; `on_` methods are called from outside.

    `predecessor` is the connection that had the session before; its last turns are waited for. `rate` is the
    client's first wish for the rate of the sound, if it has one.
    """

    def __init__(
        self,
        connection: Connection,
        groups: ChannelGroups,
        predecessor: Predecessor,
        runtime: Runtime,
        rate: str = "",
    ):
        self._rate = LineRate(rate)
        self._connection, self._manager = connection, connection.manager
        self._predecessor, self._runtime = predecessor, runtime
        self.transport = self._new_transport()
        self.pipeline: VoicePipeline | None = None
        self.updates = CharacterUpdates(groups, self._session, self._change_character)
        self._idle = IdleClose(connection.close_with)
        self._writer: HistoryWriter | None = None
        self._remembering: Remembering | None = None
        self.meter = ConnectionMeter(connection.connection)
        self.instead: Mapping[str, Any] = {}  # of the character's own services, see `Verdict`
        self._earlier_errors = 0  # of pipelines before this one
        self._rebuilding = False  # the pipeline ends because another one is to go on, until that is there
        self._ending_one = asyncio.Lock()
        self._reload_missed = False  # a client message was answered meanwhile
        self._running: asyncio.Task | None = None
        self._replacing: asyncio.Task | None = None
        self._compiling: asyncio.Task | None = None

    def _new_transport(self) -> ChannelsTransport:
        return ChannelsTransport(self._connection.line, self._runtime.load, rate=self._rate)

    def _session(self) -> Session | None:
        """The session as the pipeline has it; None while there is none, or the next one is being built."""
        return self.pipeline.state.session if self.pipeline and not self._rebuilding else None

    # --- building and running ---

    def start(self, session: Session) -> None:
        self._running = asyncio.create_task(self._run(session))

    @property
    def speaks(self) -> bool:
        """Whether anything has been said or typed."""
        return self.pipeline is not None and self.pipeline.activity.begun

    async def _run(self, session: Session) -> None:
        """Runs one pipeline after the other; whatever ends the last ends the connection."""
        code, reason = NORMAL, "The conversation paused."
        try:
            while True:
                self.pipeline = await self._build(session)
                self._rebuilding = False
                await self._catch_up()
                await self.pipeline.run()
                if not self._rebuilding:
                    break
                session = await self._session_for_rebuild(session)
        except SessionError as error:
            code, reason = error.close_code, str(error)
        except ProviderError as error:
            log.error("no pipeline for session %s: %s", session.id, error)
            code, reason = ServerFull.close_code, "This character cannot speak at the moment."
        except (DatabaseError, *TRANSIENT_ERRORS):
            code, reason = Unavailable.close_code, str(Unavailable.message)
        except Exception:
            log.exception("the pipeline of session %s failed", session.id)
            code = INTERNAL_ERROR
        await self._connection.close_with(code, reason)

    async def _build(self, session: Session) -> VoicePipeline:
        """The pipeline of a session as it stands. Raises SessionError, ProviderError."""
        past, writer = await self._load_history(session)
        if session.greeted and not past.turns:  # whoever had the session may know better by now
            session = replace(session, greeted=(await self._manager.get(session.id)).greeted)
        spec = replace(await self.updates.own(session), **self.instead)
        self._compiling = asyncio.create_task(compile_lore(spec.book, self._runtime.prompt_threads))
        services, limit = await build_services(spec)
        if self._remembering is None:
            self._remembering = Remembering(session.visitor, session.id, self._runtime.learning)
        await self._remembering.load(spec)
        fixed = (session.id, self._manager, writer, self._connection.connection, limit, self.meter)
        ours = self._runtime
        shared = (ours.prompt_threads, ours.recorded, self._remembering, ours.tool_servers)
        context = SessionContext(*fixed, *shared)
        state = ConversationState(context, session, spec, past)
        before_secs, warning_secs = quiet_secs()

        async def quiet() -> None:
            await self._idle.warn(pipeline, warning_secs)

        budget, transport = self._runtime.inference_budget, self.transport
        pipeline = VoicePipeline(
            state, transport, past, services, budget=budget, quiet_secs=before_secs, on_quiet=quiet
        )

        @pipeline.rtvi.event_handler("on_answered")
        async def answered(_rtvi: Any, _message: Any) -> None:
            await self._reload_session()

        return pipeline

    async def _load_history(self, session: Session) -> tuple[Past, HistoryWriter]:
        """What was said so far, and who writes what is said from here on. Raises SessionError.

        What an older connection said stands before it: that one has written everything, or room is left.
        """
        told = await self._predecessor.gone(session.previous)
        await self._runtime.writers.settled(session.id, LEAVING_FLUSH_SECS)
        if session.unsettled and not (session.previous and told):
            await self._runtime.recovery.try_now()
        past = await self._manager.past(session.id, CONTEXT_TURNS)
        if self._writer is None:
            sealer = await self._manager.sealer(session.id)
            writer = self._runtime.writers.take(self._manager, session.id, sealer)
            writer.connection, writer.on_replaced = self._connection.connection, self._on_fenced_off
            self.meter.give_to(writer)
            writer.behind(max([past.covered.upto, *(turn.sequence for turn in past.turns)]))
            if not (session.previous and told):
                writer.behind(session.sequence_floor)
            self._writer = writer
        return past, self._writer

    def _on_fenced_off(self) -> None:
        """The database says that another connection has the session, which could not say so itself."""
        self._replacing = asyncio.create_task(self._connection.replaced())

    # --- changes while it goes on ---

    async def _change_character(self, spec: CharacterSpec) -> None:
        """Goes on as this: at the next turn, or with new services as soon as nobody speaks."""
        pipeline = self.pipeline
        if pipeline is None:
            return
        spec = replace(spec, **self.instead)
        await compile_lore(spec.book, self._runtime.prompt_threads)
        await pipeline.announce(spec)
        if pipeline.can_apply(spec):
            return
        async with self._ending_one:  # what is published and what budgets want may both need another one
            while pipeline is self.pipeline and not (self._rebuilding or self._connection.closing):
                await pipeline.settle()
                await self._end_for_next(pipeline)

    async def _end_for_next(self, pipeline: VoicePipeline) -> None:
        """Ends a pipeline that has settled, for another one; not if something has come that it answers."""
        # What comes from now on is kept for the next pipeline; what came before may be on its way into this.
        old, self.transport = self.transport, self._new_transport()
        try:
            settled = await pipeline.settle(LOOK_AGAIN_SECS)
            self._rebuilding = settled and pipeline is self.pipeline and not self._connection.closing
        finally:
            if not self._rebuilding:
                await self.transport.hand_back(old)
                self.transport = old
        if self._rebuilding:
            await asyncio.shield(pipeline.cancel())  # whoever wants something newer stops waiting, not this

    async def serve_instead(self, instead: Mapping[str, Any]) -> None:
        """Goes on with these services, the others being the character's own, as soon as nobody speaks."""
        if dict(instead) != dict(self.instead) and self.pipeline and not self._rebuilding:
            self.instead = instead
            await self._change_character(await self.updates.own(self.pipeline.state.session))

    async def _session_for_rebuild(self, session: Session) -> Session:
        """The session of the next pipeline, for the same client."""
        turns = 0
        if self.pipeline:
            self._earlier_errors += self.pipeline.life.errors.total()
            turns = self.pipeline.state.context.writer.sequence
        return replace(await self._manager.get(session.id), same_client=True, turns=turns)

    async def _catch_up(self) -> None:
        """The pipeline is there: takes up what changed while it was built."""
        self.updates.catch_up()
        if self._reload_missed:
            self._reload_missed = False
            await self._reload_session()

    async def _reload_session(self) -> None:
        """A client message may have changed metadata or character, or have ended the session."""
        pipeline = self.pipeline
        if pipeline is None or self._rebuilding:
            self._reload_missed = True
            return
        pipeline.activity.on(Event.NOTICED)
        state = pipeline.state
        try:
            session = await self._manager.get(state.session.id)
            switched = session.character != state.session.character
            state.set_session(session)
            await pipeline.update_voice()
            if switched:
                await self.updates.follow(session.character)
                self.updates.apply(session)
        except SessionOver as error:
            with suppress(TimeoutError):  # whoever has ended it leaves; closed first, it would complain
                await asyncio.wait_for(self._connection.torn_down.wait(), LEAVE_SECS)
            await self._connection.close_with(error.close_code, str(error), error.code)
        except Exception:
            log.exception("session %s could not be read again", state.session.id)

    async def memories_changed(self) -> None:
        """What the character remembers of the visitor was changed, perhaps elsewhere."""
        if self._remembering:
            await self._remembering.changed()

    async def warn(self, kind: str, secs: float, **more: str) -> bool:
        """Tells the client what will happen in so many seconds; False if there is no pipeline yet."""
        if self.pipeline is None:
            return False
        await self.pipeline.rtvi.send_server_message({"type": kind, **more, "inSecs": round(secs)})
        return True

    # --- ending ---

    def hang_up(self) -> None:
        """Sends nothing more."""
        self.transport.hang_up()

    async def cancel(self) -> None:
        if self.pipeline:
            await self.pipeline.cancel()

    async def settle(self, secs: float) -> None:
        """Hears a reply in flight to its end, at most so long."""
        if self.pipeline:
            await self.pipeline.settle(secs)

    async def stop(self) -> None:
        """Winds everything down."""
        if self._running and self.pipeline:
            await self.pipeline.stop(self._running)
        begun = (self._running, self._idle.task, self.updates.task, self._compiling)
        tasks = [task for task in begun if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def write_rest(self, session_id: UUID) -> bool:
        """Lets go of the history; whether everything said is written."""
        if self.pipeline:
            await self.pipeline.unprompted.end()
        if self._writer is None:
            return True
        self._writer.on_replaced = lambda: None
        self.meter.take_from(self._writer)
        await self.meter.flush(self._manager, session_id)
        return await self._runtime.writers.leave(session_id, LEAVING_FLUSH_SECS)

    @property
    def latency_ms(self) -> int | None:
        """The typical one of the replies."""
        return self.pipeline.life.latency_ms if self.pipeline else None

    @property
    def errors(self) -> int:
        """Of providers, in all pipelines of this connection."""
        return self._earlier_errors + (self.pipeline.life.errors.total() if self.pipeline else 0)
