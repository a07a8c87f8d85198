"""Checks of what calls need, step by step: libraries, addresses, ports, STUN and TURN servers."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from voicebot.transport.webrtc.descriptions import address_of
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.network import Network, outgoing, own, server_of

ANSWER_SECS = 5.0  # for a server to answer, or a packet to arrive
MOST_TRIED = 500  # ports of the range


@dataclass(frozen=True)
class Step:
    """One thing that was tried; `passed` is None where nothing can be said, or nothing is set."""

    name: str
    passed: bool | None
    words: str


async def check(network: Network, servers: IceServers, *, offered: bool) -> AsyncIterator[Step]:
    """Tries one thing after the other."""
    yield _libraries(offered=offered)
    yield _addresses(network)
    yield _ports(network)
    for url in servers.stun:
        yield await _stun(url, network)
    if not servers.stun:
        yield Step("STUN", None, "STUN_URLS is not set: visitors behind NAT find no address of their own")
    for url in servers.turn:
        step, way_back = await _turn(url, servers, network)
        yield step
        if way_back:
            yield way_back
    if not servers.turn:
        yield Step(
            "TURN", None, "TURN_URLS is not set: visitors whose network lets UDP not through use a WebSocket"
        )


def _libraries(*, offered: bool) -> Step:
    if not offered:
        return Step("calls", False, "switched off by TRANSPORTS, or the extra webrtc is not installed")
    from voicebot.transport.webrtc import opus

    try:
        opus.library()
    except OSError as error:
        return Step("calls", False, str(error))
    return Step("calls", True, "switched on; aiortc and libopus are there")


def _addresses(network: Network) -> Step:
    bound = outgoing() if network.announced else own()
    told = list(network.announced) or bound
    words = f"visitors are told {', '.join(told) or 'none'}"
    if network.announced:
        words += f"; calls listen at {', '.join(bound) or 'none'}"
    outside = [text for text in told if (address := address_of(text)) and address.is_global]
    if not outside and not network.stun_urls:
        return Step("address", None, f"{words}: reached from this network only; set WEBRTC_ADDRESSES")
    return Step("address", bool(told), words)


def _ports(network: Network) -> Step:
    if not network.ports:
        return Step("UDP ports", None, "any that is free: WEBRTC_PORTS sets a range for a firewall")
    least, most = network.ports
    tried = range(least, min(most, least + MOST_TRIED - 1) + 1)
    address = (outgoing() or ["127.0.0.1"])[0]
    free = sum(_is_free(address, port) for port in tried)
    words = f"{free} of {len(tried)} from {least} to {tried[-1]} are free at {address}"
    return Step("UDP ports", free > 0, words)


def _is_free(address: str, port: int) -> bool:
    with _socket(address) as probe, suppress(OSError):
        probe.bind((address, port))
        return True
    return False


def _socket(address: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


async def _stun(url: str, network: Network) -> Step:
    from aioice import stun

    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    try:
        data = await _exchange(server_of(url), bytes(request))
        mapped = stun.parse_message(data).attributes["XOR-MAPPED-ADDRESS"][0]
    except TimeoutError:
        return Step(url, False, "no answer: UDP is closed on the way there, or nobody listens")
    except (OSError, ValueError, KeyError) as error:
        return Step(url, False, f"no answer that can be read: {error}")
    words = f"answers; outside this machine is {mapped}"
    if network.announced and mapped not in network.announced:
        return Step(url, None, f"{words}, which is not among WEBRTC_ADDRESSES")
    return Step(url, True, words)


async def _exchange(place: tuple[str, int], data: bytes) -> bytes:
    """What a UDP server answers. Raises OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    family, _, _, _, target = (await loop.getaddrinfo(*place, type=socket.SOCK_DGRAM))[0]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        async with asyncio.timeout(ANSWER_SECS):
            await loop.sock_sendto(probe, data, target)
            return await loop.sock_recv(probe, 2048)


async def _turn(url: str, servers: IceServers, network: Network) -> tuple[Step, Step | None]:
    """A relay of this server's, and whether a packet from there reaches our ports."""
    from aioice import turn

    if not servers.secret:
        return Step(url, False, "TURN_SECRET is not set: visitors are not told of it"), None
    user, password = servers.credentials("check")
    by_tcp, by_tls = "transport=tcp" in url or url.startswith("turns:"), url.startswith("turns:")
    host, port = server_of(url)
    relay: Any = None
    try:
        async with asyncio.timeout(ANSWER_SECS):
            relay, _ = await turn.create_turn_endpoint(
                asyncio.DatagramProtocol,
                server_addr=(host, port),
                username=user,
                password=password,
                ssl=by_tls or None,
                transport="tcp" if by_tcp else "udp",
            )
        place = relay.get_extra_info("sockname")[0]
        return Step(url, True, f"gives a relay at {place}"), await _from_outside(relay, network)
    except TimeoutError:
        return Step(url, False, "no answer: the port is closed on the way there, or nobody listens"), None
    except Exception as error:  # a refusal, a certificate, a name that is not known: what it is says itself
        return Step(url, False, f"gives no relay: {type(error).__name__} {error}"), None
    finally:
        if relay:
            relay.close()


async def _from_outside(relay: Any, network: Network) -> Step:
    """Whether a packet that the TURN server sends to the address that is announced comes in."""
    announced = _first(network.announced) or (outgoing() or ["127.0.0.1"])[0]
    address = (outgoing() or ["127.0.0.1"])[0]
    least, most = network.ports or (0, 0)
    port = next((port for port in range(least, most + 1) if _is_free(address, port)), 0)
    loop, word = asyncio.get_running_loop(), secrets.token_bytes(16)
    with _socket(address) as ear:
        ear.bind((address, port))
        ear.setblocking(False)
        relay.sendto(word, (announced, ear.getsockname()[1]))
        place = f"UDP port {ear.getsockname()[1]} of {announced}"
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECS):
                while word not in await loop.sock_recv(ear, 2048):
                    continue
                return Step("from outside", True, f"a packet from the TURN server has reached {place}")
    return Step("from outside", False, f"no packet from the TURN server has reached {place}: it is closed")


def _first(announced: Sequence[str]) -> str:
    """The first IPv4 address that is announced: a relay reaches no other."""
    return next((text for text in announced if ":" not in text), "")
