"""Checks of what calls need, step by step: libraries, addresses, ports, STUN and TURN servers."""

import asyncio
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from voicebot.transport.webrtc.descriptions import address_of
from voicebot.transport.webrtc.ice_servers import IceServers
from voicebot.transport.webrtc.network import Network, outgoing, own, server_of

ANSWER_SECS = 5.0  # for a server to answer, or a packet to arrive
MOST_TRIED = 500  # ports of the range
REFUSED = (401, 403, 438)  # for what was said of who we are: RFC 8656, section 19, RFC 8489, section 14.8


@dataclass(frozen=True)
class Step:
    """One thing that was tried; `passed` is None where nothing can be said, or nothing is set.

    `advice` is what to do about it.
    """

    name: str
    passed: bool | None
    words: str
    advice: str = ""


async def check(network: Network, servers: IceServers, *, offered: bool) -> AsyncIterator[Step]:
    """Tries everything; servers all at once, since one that is closed is waited for."""
    yield _libraries(offered=offered)
    yield _addresses(network)
    yield _ports(network)
    asked = [
        *(asyncio.create_task(_stun(url, network)) for url in servers.stun),
        *(asyncio.create_task(_turn(url, servers, network)) for url in servers.turn),
    ]
    if not servers.stun:
        yield Step("STUN", None, _("STUN_URLS is not set: visitors behind NAT find no address of their own"))
    for task in asked:
        for step in await task:
            yield step
    if not servers.turn:
        words = _("TURN_URLS is not set: visitors whose network lets UDP not through use a WebSocket")
        yield Step("TURN", None, words)


def _libraries(*, offered: bool) -> Step:
    name = _("calls")
    if not offered:
        return Step(
            name,
            False,
            _("switched off by TRANSPORTS, or the extra webrtc is not installed"),
            _("Install greenroom[webrtc] and have webrtc in TRANSPORTS; visitors use a WebSocket till then."),
        )
    from voicebot.transport.webrtc import opus

    try:
        opus.library()
    except OSError as error:
        return Step(name, False, str(error), _("Install libopus, or PyAV from its wheel."))
    return Step(name, True, _("switched on; aiortc and libopus are there"))


def _addresses(network: Network) -> Step:
    bound = outgoing() if network.announced else own()
    told = list(network.announced) or bound
    words = _("visitors are told %(addresses)s") % {"addresses": ", ".join(told) or "-"}
    if network.announced:
        words += "; " + _("calls listen at %(addresses)s") % {"addresses": ", ".join(bound) or "-"}
    outside = [text for text in told if (address := address_of(text)) and address.is_global]
    if not outside and not network.stun_urls:
        words += "; " + _("they are reached from this network only")
        return Step(_("address"), None, words, _("For visitors from outside set WEBRTC_ADDRESSES."))
    return Step(_("address"), bool(told), words)


def _ports(network: Network) -> Step:
    name = _("UDP ports")
    if not network.ports:
        return Step(name, None, _("any that is free: WEBRTC_PORTS sets a range for a firewall"))
    least, most = network.ports
    tried = range(least, min(most, least + MOST_TRIED - 1) + 1)
    address = (outgoing() or ["127.0.0.1"])[0]
    free = sum(_is_free(address, port) for port in tried)
    words = _("%(free)d of %(count)d from %(least)d to %(most)d are free at %(address)s") % {
        "free": free,
        "count": len(tried),
        "least": least,
        "most": tried[-1],
        "address": address,
    }
    return Step(
        name, free > 0, words, "" if free else _("Something else has these ports: set other WEBRTC_PORTS.")
    )


def _is_free(address: str, port: int) -> bool:
    with _socket(address) as probe, suppress(OSError):
        probe.bind((address, port))
        return True
    return False


def _socket(address: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)


async def _stun(url: str, network: Network) -> list[Step]:
    from aioice import stun

    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    try:
        async with asyncio.timeout(ANSWER_SECS):  # the name of it has to be found, too
            data = await _exchange(server_of(url), bytes(request), request.transaction_id)
        mapped = stun.parse_message(data).attributes["XOR-MAPPED-ADDRESS"][0]
    except (TimeoutError, ConnectionError):
        words = _("no answer: UDP is closed on the way there, or nobody listens")
        return [Step(url, False, words, _("Let this machine send UDP there, or name another STUN server."))]
    except (OSError, ValueError, KeyError, struct.error) as error:
        words = _("no answer that can be read: %(error)s") % {"error": error}
        return [Step(url, False, words, _("Look at the address in STUN_URLS."))]
    words = _("answers; outside this machine is %(address)s") % {"address": mapped}
    if network.announced and mapped not in network.announced:
        words += "; " + _("that is not among WEBRTC_ADDRESSES")
        return [Step(url, None, words, _("If visitors come from outside, look at WEBRTC_ADDRESSES."))]
    return [Step(url, True, words)]


class _Ear(asyncio.DatagramProtocol):
    """Waits for a datagram that has `wanted` in it. (uvloop's sockets have no `sock_sendto`.)"""

    def __init__(self, wanted: bytes = b"") -> None:
        self._wanted = wanted
        self.heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, address: object) -> None:
        if self._wanted in data and not self.heard.done():
            self.heard.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self.heard.done():
            self.heard.set_exception(error)


async def _exchange(place: tuple[str, int], data: bytes, wanted: bytes) -> bytes:
    """What a UDP server answers that has `wanted` in it. Raises OSError."""
    loop = asyncio.get_running_loop()
    transport, ear = await loop.create_datagram_endpoint(lambda: _Ear(wanted), remote_addr=place)
    try:
        transport.sendto(data)
        return await ear.heard
    finally:
        transport.close()


async def _turn(url: str, servers: IceServers, network: Network) -> list[Step]:
    """A relay of this server's, and whether a packet from there reaches our ports."""
    from aioice import stun, turn

    if not servers.secret:
        words = _("TURN_SECRET is not set: visitors are not told of it")
        return [Step(url, False, words, _("Set TURN_SECRET to what the server has as static-auth-secret."))]
    user, password = servers.credentials("check")
    by_tcp, by_tls = "transport=tcp" in url or url.startswith("turns:"), url.startswith("turns:")
    host, port = server_of(url)
    relay: Any = None
    try:
        async with asyncio.timeout(ANSWER_SECS):
            relay, _protocol = await turn.create_turn_endpoint(
                asyncio.DatagramProtocol,
                server_addr=(host, port),
                username=user,
                password=password,
                ssl=by_tls or None,
                transport="tcp" if by_tcp else "udp",
            )
        place = relay.get_extra_info("sockname")[0]
        words = _("gives a relay at %(address)s") % {"address": place}
        return [Step(url, True, words), await _from_outside(relay, network)]
    except (TimeoutError, ConnectionError):
        words = _("no answer: the port is closed on the way there, or nobody listens")
        return [Step(url, False, words, _("Start the TURN server, and open its port for this machine."))]
    except stun.TransactionFailed as error:
        refused = error.response.attributes.get("ERROR-CODE", (0, ""))
        words = _("refuses: %(error)s") % {"error": "{} {}".format(*refused)}
        return [Step(url, False, words, advice_on_refusal() if refused[0] in REFUSED else "")]
    except Exception as error:  # a certificate, a name that is not known: what it is says itself
        words = _("gives no relay: %(error)s") % {"error": f"{type(error).__name__} {error}"}
        return [Step(url, False, words, _("Look at the address in TURN_URLS, and the server's certificate."))]
    finally:
        if relay:
            relay.close()


def advice_on_refusal() -> str:
    return _(
        "TURN_SECRET must be what the server has as static-auth-secret (with use-auth-secret), and both "
        "clocks must be right."
    )


async def _from_outside(relay: Any, network: Network) -> Step:
    """Whether a packet that the TURN server sends to the address that is announced comes in."""
    announced = _first(network.announced) or (outgoing() or ["127.0.0.1"])[0]
    address = (outgoing() or ["127.0.0.1"])[0]
    least, most = network.ports or (0, 0)
    port = next((port for port in range(least, most + 1) if _is_free(address, port)), 0)
    loop, word = asyncio.get_running_loop(), secrets.token_bytes(16)
    # By address, not by a socket of ours: that would stay open where the port is taken meanwhile.
    try:
        listening, heard = await loop.create_datagram_endpoint(lambda: _Ear(word), local_addr=(address, port))
    except OSError as error:  # taken meanwhile, perhaps by a call
        words = _("not tried: no port of WEBRTC_PORTS is free (%(error)s)") % {"error": error}
        return Step(_("from outside"), None, words, _("Try again."))
    told: dict[str, Any] = {"port": listening.get_extra_info("sockname")[1], "address": announced}
    try:
        relay.sendto(word, (announced, told["port"]))
        await asyncio.wait_for(heard.heard, ANSWER_SECS)
        words = _("a packet from the TURN server has reached UDP port %(port)d of %(address)s") % told
        return Step(_("from outside"), True, words)
    except TimeoutError:
        pass
    finally:
        listening.close()
    words = _("no packet from the TURN server has reached UDP port %(port)d of %(address)s") % told
    advice = _("Open WEBRTC_PORTS for UDP in the firewall, and forward them to this machine.")
    return Step(_("from outside"), False, words, advice)


def _first(announced: Sequence[str]) -> str:
    """The first IPv4 address that is announced: a relay reaches no other."""
    return next((text for text in announced if ":" not in text), "")
