"""The Channels consumer of one WebSocket: hands its connection what comes, and closes the socket."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from sessions_app.exceptions import SessionError, SessionNotFound
from sessions_app.manager import SessionManager
from voicebot import runtime
from voicebot.connection.admission import entry_of_socket
from voicebot.connection.channel_events import ChannelGroups
from voicebot.connection.voice_connection import VoiceConnection
from voicebot.transport import SocketLine, serializer

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class LayerMessages(AsyncConsumer):
    """A consumer whose connection hears of others: methods are named by the types of messages."""

    state: VoiceConnection

    async def session_taken_over(self, message: Message) -> None:
        await self.state.on_layer(message)

    session_leaving = session_left = session_over = session_taken_over
    character_changed = memories_changed = session_taken_over

    async def delete_channel(self) -> None:
        """Leaves the channel layer as it was before: also where the visitor went while being admitted."""
        layer, channel = getattr(self, "channel_layer", None), getattr(self, "channel_name", "")
        if layer and channel and hasattr(layer, "delete_channel"):
            with suppress(Exception):  # away: Redis forgets a subscription with its connection
                await layer.delete_channel(channel)


class VoiceConsumer(LayerMessages, AsyncWebsocketConsumer):
    """One WebSocket. Channels' `dispatch` sees its beginning, its end and the channel layer, never audio.

    Before each message `dispatch` closes old database connections in the one thread that all visitors
    share, so an audio packet would wait for that thread and for any query in it.
    """

    manager = SessionManager()

    def __init__(self) -> None:
        super().__init__()
        self.line = SocketLine(self._send_bytes)

    async def _send_bytes(self, data: bytes) -> None:
        await self.send(bytes_data=data)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        rate = parse_qs(scope.get("query_string", b"").decode("latin1")).get("rate", [""])[0]
        process = runtime.of_scope(scope)
        self.state = VoiceConnection(self, ChannelGroups(self), self.manager, process, rate)
        control: asyncio.Queue[Message] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(receive, control))
        try:
            await super().__call__(scope, control.get, send)
        finally:
            listening.cancel()
            try:
                await self.state.tear_down()
            finally:
                await self.delete_channel()

    async def _listen(self, receive: Receive, control: asyncio.Queue[Message]) -> None:
        """Takes what the client sends, also while it is being admitted; the rest is Channels'."""
        while True:
            message = await receive()
            if message["type"] == "websocket.receive":
                await self._take(message)
                continue
            control.put_nowait(message)
            if message["type"] == "websocket.disconnect":
                self.state.gone()
                return

    async def _take(self, message: Message) -> None:
        """Takes one message, in the receive loop itself."""
        if self.state.closing:
            return
        try:
            item = self.state.input.decode(message)
        except (SessionError, serializer.WireError) as error:
            await self.state.refuse(error)
        else:
            await self.state.take(item)

    async def connect(self) -> None:
        # Accepted first: a browser is told the close code of an accepted socket only.
        await self.accept()
        await self.state.connect(entry_of_socket(self.scope))


class NoSuchPath(AsyncWebsocketConsumer):
    """Answers every other WebSocket address, a malformed session id included."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(SessionNotFound.close_code, SessionNotFound.message)
