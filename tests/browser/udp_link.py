"""A link for the packets of calls, between a browser and a server: whole, losing some, or a hole."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import Any

# The server's candidates give way to one: that of the link.
THROUGH_JS = """() => {
  const answered = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = async function ({ type, sdp }) {
    const [line, port] = /^a=candidate:\\S+ 1 udp \\d+ 127\\.0\\.0\\.1 (\\d+) typ host.*$/m.exec(sdp);
    const through = line.replace(` ${port} `, ` ${await window.throughLink(Number(port))} `);
    let first = true;
    const changed = sdp.replace(/^a=candidate:.*$/gm, () => (first ? ((first = false), through) : "a=x-none"));
    return answered.call(this, { type, sdp: changed });
  };
}"""


class _End(asyncio.DatagramProtocol):
    def __init__(self, forward: Any):
        self._forward = forward

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._forward(data, address)


class UdpLink:
    """Everything that a browser sends to one of its ports goes to the server's, and back."""

    def __init__(self) -> None:
        self.loss, self._holed = 0.0, False
        self._random = random.Random(7)
        self._transports: list[asyncio.DatagramTransport] = []

    def hole(self) -> None:
        """From now on nothing comes through, in either direction, and nobody is told."""
        self._holed = True

    def mend(self) -> None:
        self._holed = False

    async def to(self, port: int) -> int:
        """A port that leads to the server's."""
        loop, browser = asyncio.get_running_loop(), []

        def there(data: bytes, address: Any) -> None:
            browser[:] = [address]
            self._pass(inside, data)

        def back(data: bytes, _address: Any) -> None:
            if browser:
                self._pass(outside, data, browser[0])

        outside, _ = await loop.create_datagram_endpoint(lambda: _End(there), local_addr=("127.0.0.1", 0))
        inside, _ = await loop.create_datagram_endpoint(lambda: _End(back), remote_addr=("127.0.0.1", port))
        self._transports += [outside, inside]
        return outside.get_extra_info("sockname")[1]

    def _pass(self, end: asyncio.DatagramTransport, data: bytes, address: Any = None) -> None:
        if not self._holed and self._random.random() >= self.loss:
            end.sendto(data, address)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


@contextlib.asynccontextmanager
async def calling_through(page: Any) -> AsyncIterator[UdpLink]:
    """The calls of this page go through a link."""
    link = UdpLink()
    await page.expose_function("throughLink", link.to)
    await page.add_init_script(f"({THROUGH_JS})()")
    try:
        yield link
    finally:
        link.close()
