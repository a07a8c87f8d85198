"""Visitors of a chaos run who come by WebRTC."""

import asyncio
from typing import Any

from aiortc.exceptions import InvalidStateError

from scripts.chaos.talkers import Talker
from tests.callers import Caller
from tests.servers import Server

OPEN_SECS = 15.0  # for a call to come about


class Proxy:
    """What a caller asks of a server, by the address that all processes have in common."""

    request = Server.request

    def __init__(self, url: str):
        self.url = url


class _Call(Caller):
    """One that gives up where the process that took it is killed meanwhile."""

    async def __aenter__(self) -> "_Call":
        try:
            async with asyncio.timeout(OPEN_SECS):
                answer = await self.connect()
        except BaseException:
            await self.peer.close()
            raise
        if answer.status != 200:
            await self.peer.close()
            raise ConnectionError(answer.status)
        return self


class CallingTalker(Talker):
    """As the others, over a call."""

    async def _line(self) -> Any:
        way = await asyncio.to_thread(self._start, "webrtc")
        return _Call(Proxy(self.base), way)  # type: ignore[arg-type]

    async def _write(self, visitor: Any, text: str) -> None:
        try:
            await visitor.send("send-text", {"content": text})
        except InvalidStateError as error:  # the channel has closed
            raise ConnectionError from error

    async def _tear(self, visitor: Any) -> None:
        """Nothing more goes out or comes in, and nobody is told."""
        for protocol in visitor.peer.sctp.transport.transport._connection._protocols:
            protocol.transport.abort()

    async def _stop_reading(self, visitor: Any) -> None:
        """There is no such thing over UDP: packets are lost instead."""
        for protocol in visitor.peer.sctp.transport.transport._connection._protocols:
            asyncio.get_running_loop().remove_reader(protocol.transport.get_extra_info("socket").fileno())
        await asyncio.sleep(3)
        for protocol in visitor.peer.sctp.transport.transport._connection._protocols:
            transport = protocol.transport
            asyncio.get_running_loop()._add_reader(  # type: ignore[attr-defined]
                transport.get_extra_info("socket").fileno(), transport._read_ready
            )
