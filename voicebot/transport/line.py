"""A line: what carries one connection, a WebSocket or something else. All above sees only this of it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from loguru import logger
from pipecat.frames.frames import Frame

from voicebot.transport import serializer


class Line(Protocol):
    """Sends frames to one client. Sending over one that is gone does nothing."""

    async def send(self, frame: Frame) -> bool:
        """Sends a frame; False if the line is gone."""

    def drop(self) -> None:
        """Of the voice that was sent, what has not gone out yet is not to be heard."""


class SocketLine:
    """A WebSocket as the transport sees it: Pipecat's protobuf frames; `send` is the consumer's."""

    def __init__(self, send: Callable[[bytes], Awaitable[None]]):
        self._send = send
        self._gone = False

    async def send(self, frame: Frame) -> bool:
        data = None if self._gone else serializer.encode(frame)
        if data is None:
            return not self._gone
        try:
            await self._send(data)
        except Exception as error:  # whatever the server raises for a socket that just went away
            self._gone = True
            logger.debug(f"socket gone while sending: {type(error).__name__}")
        return not self._gone

    def drop(self) -> None:
        """Nothing waits here: the page drops what it has buffered by itself."""
