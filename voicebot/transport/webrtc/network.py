"""Where calls are: addresses and ports of this machine, what is announced of them, a STUN server."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

import ifaddr

from voicebot.transport.webrtc.descriptions import address_of

# Documentation addresses (RFC 5737, RFC 3849): nothing is sent, the system says from where it would be.
FAR_AWAY = ((socket.AF_INET, "192.0.2.200"), (socket.AF_INET6, "2001:db8::1"))


@dataclass(frozen=True)
class Network:
    """`announced` are the addresses under which visitors reach the ports of this machine."""

    announced: Sequence[str] = ()
    ports: tuple[int, int] | None = None
    stun_urls: Sequence[str] = ()

    @property
    def stun_server(self) -> tuple[str, int] | None:
        """Which server tells us our address outside; none where it is announced."""
        if self.announced or not self.stun_urls:
            return None
        return server_of(self.stun_urls[0])

    def addresses(self, visitor: str) -> list[str]:
        """The addresses to bind to, for who comes from the address `visitor`."""
        near = address_of(visitor)
        found = outgoing() if self.announced else own()
        if near is not None and near.is_loopback:
            found = [*found, "127.0.0.1"]
        return found or ["127.0.0.1"]


def server_of(url: str) -> tuple[str, int]:
    """Host and port of a STUN or TURN server's address, as RFC 7064 and RFC 7065 write it."""
    scheme, _, rest = url.partition(":")
    place = rest.partition("?")[0]
    host, colon, port = place.rpartition(":")
    if colon and port.isdecimal() and not place.endswith("]"):
        return host.strip("[]"), int(port)
    return place.strip("[]"), 5349 if scheme.endswith("s") else 3478


def own() -> list[str]:
    """The addresses of this machine that others may reach."""
    found = []
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            text = each.ip if isinstance(each.ip, str) else each.ip[0]
            address = address_of(text)
            if address and not (address.is_loopback or address.is_link_local):
                found.append(text)
    return found


def outgoing() -> list[str]:
    """Those from which this machine sends into the internet."""
    found = []
    for family, far in FAR_AWAY:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((far, 9))
                found.append(probe.getsockname()[0])
            except OSError:  # no way out by this family
                continue
    return found
