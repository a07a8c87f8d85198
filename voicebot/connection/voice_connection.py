"""The state of one connection, whatever carries it: admission, its conversation, takeover, its end."""

import asyncio
import logging
import time
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.conf import settings
from django.db import Error as DatabaseError

from sessions_app import log_context
from sessions_app.exceptions import (
    BudgetSpent,
    Draining,
    Replaced,
    SessionError,
    SessionOver,
    Unavailable,
)
from sessions_app.manager import SessionManager
from sessions_app.models import Budget
from sessions_app.session import Session
from voicebot.connection.admission import Admission, Entry
from voicebot.connection.channel_events import ChannelGroups
from voicebot.connection.client_input import ClientInput
from voicebot.connection.conversation import INTERNAL_ERROR, Conversation
from voicebot.connection.takeover import Takeover
from voicebot.connection.timeouts import IDLE, ReadyTimeout, keep_alive
from voicebot.history import TRANSIENT_ERRORS
from voicebot.ops import metrics
from voicebot.runtime import Runtime
from voicebot.transport import Line, serializer
from voicebot.usage import BudgetWatch, last_words

log = logging.getLogger(__name__)

LAST_WORDS_SECS = 15.0  # for what is being said, and for the words with which a spent budget ends it

Item = serializer.Audio | dict[str, Any]


class Carrier(Protocol):
    """What carries a connection: a socket's consumer, or a call's."""

    line: Line

    async def close(self, code: int, reason: str) -> None:
        """Tells the client why, and lets go of the line."""


class VoiceConnection:
    """One connection. Its carrier calls `connect` once the client is there, and in the end `tear_down`."""

    def __init__(
        self,
        carrier: Carrier,
        groups: ChannelGroups,
        manager: SessionManager,
        process: Runtime,
        rate: str = "",
    ) -> None:
        self.connection, self.manager, self.line = uuid4(), manager, carrier.line
        self.input = ClientInput()
        self.torn_down = asyncio.Event()
        self.closing = False
        self._carrier, self._runtime = carrier, process
        self._takeover = Takeover(groups, self.connection, self.replaced)
        self._conversation = Conversation(self, groups, self._takeover.predecessor, process, rate)
        self._ready_timeout = ReadyTimeout()
        self._admission: Admission | None = None
        self._tasks: list[asyncio.Task] = []
        self._began = time.monotonic()
        self._gone = False

    # --- the client's side ---

    async def take(self, item: Item) -> None:
        """Takes what the client sends, also while it is being admitted. `input` has counted it."""
        if self.closing:
            return
        try:
            if not isinstance(item, serializer.Audio):  # of which there are thirty a second
                self._ready_timeout.note(item)
            await self._conversation.transport.receive(item)
        except Exception:  # it goes on: whoever calls notices that the client has gone
            log.exception("a message of session %s could not be taken", self._takeover.session_id)
            await self.close_with(INTERNAL_ERROR, "Something went wrong. Come back in a moment.")

    async def refuse(self, error: Exception) -> None:
        """Closes for what the client has sent."""
        if isinstance(error, SessionError):
            await self.close_with(error.close_code, str(error), error.code)
        elif isinstance(error, serializer.WireError):
            await self.close_with(error.code, error.reason)
        else:
            raise error

    @property
    def listens(self) -> bool:
        """Whether it matters now that a client which sends nothing is silent."""
        return self._conversation.transport.listens

    def gone(self) -> None:
        """The client has gone."""
        self._gone = True
        if self._admission:  # a client that is gone takes the session from nobody who has come since
            self._admission.close()

    # --- admission ---

    async def connect(self, entry: Entry) -> None:
        """Lets the client in and starts its conversation, or closes the line and says why."""
        admission = self._admission = Admission(
            entry, self.connection, self._runtime.capacity, self._runtime.counts
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
        self.input.admitted = True
        self._conversation.start(session)
        self._tasks.append(asyncio.create_task(self._keep_alive(admission, session)))
        self._tasks.append(asyncio.create_task(self._keep_budget(session)))
        if not session.same_client:  # who reconnects does not say it again
            self._tasks.append(asyncio.create_task(self._close_unless_ready()))

    async def _admit(self, admission: Admission) -> Session:
        """Takes the session over, and is heard of by its other connections. Raises SessionError."""
        session = await admission.admit(self.manager)
        log_context.session_id.set(str(session.id))
        self._budget = BudgetWatch(self._runtime.budgets, self._conversation.meter, session)
        self._conversation.instead = await self._budget.admit()
        await self._takeover.join(session)
        await self._conversation.updates.follow(session.character)
        await self._takeover.announce()
        return session

    # --- while it goes on ---

    async def _close_unless_ready(self) -> None:
        """Ends the connection of a client that opens a line and leaves it at that."""
        if await self._ready_timeout.passes(lambda: self._conversation.speaks):
            reason = "Nothing came from this page. Start again when you like."
            await self.close_with(IDLE, reason, "not_ready")

    async def _keep_budget(self, session: Session) -> None:
        """A session whose budget is spent ends for good; one whose day is over may come back tomorrow."""

        async def spent(budget: Budget) -> None:
            await self._conversation.settle(LAST_WORDS_SECS)
            if pipeline := self._conversation.pipeline:
                await pipeline.actor.say(last_words(budget, pipeline.state.speaking.language))
                await pipeline.settle(LAST_WORDS_SECS)
            try:
                await self.close_with(BudgetSpent.close_code, str(BudgetSpent.message), BudgetSpent.code)
            finally:  # also where the client is faster, and all of this is wound up
                if budget.period == Budget.Period.SESSION:
                    await asyncio.shield(self.manager.end(session.id, reason="budget"))

        await self._budget.run(self._conversation.serve_instead, spent)

    async def _keep_alive(self, admission: Admission, session: Session) -> None:
        async def touch() -> datetime:
            await self._conversation.meter.flush(self.manager, session.id)
            return await admission.heartbeat(self.manager, session, self._lasted_secs)

        async def expiring(secs: float) -> bool:
            return await self._conversation.warn("expiring", secs, reason="expired")

        error = await keep_alive(touch, expiring)
        await self.close_with(error.close_code, str(error), error.code)

    @property
    def _lasted_secs(self) -> float:
        return time.monotonic() - self._began

    # --- what the channel layer tells, see `LayerMessages` ---

    async def on_layer(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "session.taken_over":
            await self._takeover.on_taken_over(message)
        elif kind == "session.leaving":
            self._takeover.on_leaving(message)
        elif kind == "session.left":
            self._takeover.on_left(message)
        elif kind == "character.changed":
            self._conversation.updates.on_changed(message)
        elif kind == "memories.changed":
            await self._conversation.memories_changed()
        elif kind == "session.over":
            await self._session_over()

    async def _session_over(self) -> None:
        """The session was ended or erased, perhaps by somebody else."""
        pipeline = self._conversation.pipeline
        if pipeline and pipeline.rtvi.answering:
            return  # by its own client, who is answered first: see Conversation._reload_session
        await self.close_with(SessionOver.close_code, "This conversation has ended.")

    # --- ending ---

    async def replaced(self) -> None:
        """A newer connection has the session."""
        await self.close_with(Replaced.close_code, str(Replaced()))

    async def close_with(self, code: int, reason: str, why: str = "") -> None:
        """Closes the line once; the rest follows when the client's side has answered."""
        if self.closing or self._gone:
            return
        self.closing = True
        metrics.refusals.labels(str(code), why).inc()
        self._conversation.hang_up()
        with suppress(Exception):  # the client may have gone in the same moment
            await self._carrier.close(code, reason[:120])
        await self._conversation.cancel()

    async def drain(self, secs: float) -> None:
        """The process is about to stop: the visitor hears of it, and their reply to its end."""
        if await self._conversation.warn("draining", secs):
            await self._conversation.settle(secs)
        await self.close_with(Draining.close_code, str(Draining.message), Draining.code)
        await self.torn_down.wait()

    async def tear_down(self) -> None:
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
