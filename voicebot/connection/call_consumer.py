"""The consumer of one call, which HTTP has negotiated: as a socket's is, as far as that goes."""

import asyncio
import contextvars
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from channels.exceptions import StopConsumer

from sessions_app.exceptions import SessionError
from sessions_app.manager import SessionManager
from voicebot.connection.admission import Entry
from voicebot.connection.channel_events import ChannelGroups, call_group
from voicebot.connection.consumer import LayerMessages, Message
from voicebot.connection.voice_connection import VoiceConnection
from voicebot.runtime import Runtime
from voicebot.transport import OfferError, serializer

if TYPE_CHECKING:
    from voicebot.transport import Call

log = logging.getLogger(__name__)

OPEN_SECS = 20.0  # for a client to come, once its offer was answered
FULL_RATE = "24000"  # the call follows the line's rate by itself


class CallConsumer(LayerMessages):
    """One call. The session is taken over once the client is there: until then, another line may serve."""

    manager = SessionManager()
    running: set[asyncio.Task[None]] = set()  # held until they are done

    def __init__(self, call: "Call", entry: Entry, process: Runtime) -> None:
        super().__init__()
        self.line = self._call = call
        self._entry, self._process = entry, process
        self._session_id = UUID(str(entry.session_id))
        self._control: asyncio.Queue[Message] = asyncio.Queue()

    def begin(self) -> None:
        """Runs until the call ends, in a task and a context of its own.

        In the request's context each call would have a thread of its own for Django's synchronous code.
        """
        task = asyncio.create_task(self._run(), context=contextvars.Context())
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _run(self) -> None:
        self.state = VoiceConnection(self, ChannelGroups(self), self.manager, self._process, FULL_RATE)
        self._call.while_it_matters(lambda: self.state.listens)
        listening = asyncio.create_task(self._listen())
        try:
            self._control.put_nowait({"type": "call.begun"})
            await self({"type": "call"}, self._control.get, self._nowhere)
        except Exception:
            log.exception("a call of session %s failed", self._entry.session_id)
        finally:
            listening.cancel()
            try:
                await self.state.tear_down()
            finally:
                await self._process.calls.end(self._session_id, self._call)
                with suppress(Exception):  # away: the group is forgotten with its last channel
                    await ChannelGroups(self).discard(call_group(self._call.id))
                await self.delete_channel()

    async def _nowhere(self, message: Message) -> None:
        """Channels has nothing to send here."""

    async def _listen(self) -> None:
        """Takes what the client sends, also while it is being admitted."""
        try:
            if await self._call.opened(OPEN_SECS):
                self._control.put_nowait({"type": "call.opened"})
                while (received := await self._call.receive()) is not None:
                    await self._take(*received)
        except (SessionError, serializer.WireError) as error:
            await self.state.refuse(error)
        finally:
            self.state.gone()
            self._control.put_nowait({"type": "call.gone"})

    async def _take(self, item: serializer.Audio | dict[str, Any], size: int) -> None:
        if not self.state.closing:
            self.state.input.count(item, size)
            await self.state.take(item)

    async def call_begun(self, message: Message) -> None:
        with suppress(Exception):  # away: candidates that come to this process are still taken
            await ChannelGroups(self).add(call_group(self._call.id))

    async def call_candidates(self, message: Message) -> None:
        """Another process has got them."""
        with suppress(OfferError):
            for candidate in message["candidates"]:
                await self._call.add_candidate(*candidate)

    async def call_opened(self, message: Message) -> None:
        await self.state.connect(self._entry)

    async def call_gone(self, message: Message) -> None:
        raise StopConsumer

    async def close(self, code: int, reason: str) -> None:
        await self._call.close(code, reason)
