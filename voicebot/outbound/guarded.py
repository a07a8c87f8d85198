"""Guarded addresses: what a request of ours may reach is the public internet, and nothing of this network.

Pipecat's guard (`pipecat.utils.security.ssrf`) judges a name before the request; a name that resolves to
something else by then (DNS rebinding) gets past it. Here the addresses that are judged are those that are
connected to. Networks of one's own are allowed as for Pipecat's files: PIPECAT_ALLOWED_FILE_URL_NETWORKS.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from pipecat.utils.security.ssrf import IPNetwork, default_allowed_file_url_networks

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator
# IPv4-compatible ones (RFC 4291, section 2.5.5.1), and translators of a network's own (RFC 8215).
NOT_PUBLIC = (ipaddress.ip_network("::/96"), ipaddress.ip_network("64:ff9b:1::/48"))

Lookup = Callable[[str, int], Awaitable[list[ResolveResult]]]


class OutOfBounds(OSError):
    """An address that no request may reach."""


def allowed_networks() -> list[IPNetwork]:
    return [ipaddress.ip_network(each) for each in default_allowed_file_url_networks()]


def check_address(address: str, networks: Sequence[IPNetwork], *, inside_only: bool = False) -> None:
    """Raises OutOfBounds for what is neither public nor in these networks; `inside_only`: not in these."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError as error:
        raise OutOfBounds("That is no address.") from error
    public = _is_public(found) and not inside_only
    if not public and not any(found in network for network in networks):
        raise OutOfBounds("That address is none of the public internet's.")


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether it leads into the public internet, and so does the IPv4 address in it, if there is one."""
    if address.is_multicast or not address.is_global:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    if address.is_site_local or any(address in network for network in NOT_PUBLIC):
        return False
    in_it = address.ipv4_mapped or address.sixtofour
    if address in NAT64:
        in_it = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return in_it is None or _is_public(in_it)


def is_literal(host: str) -> bool:
    """Whether a host is an address, which no resolver is asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class GuardedResolver(AbstractResolver):
    """Resolves names to addresses that may be reached; one that may not spoils all of a name's."""

    def __init__(
        self, networks: Sequence[IPNetwork], lookup: Lookup | None = None, *, inside_only: bool = False
    ) -> None:
        self._networks, self._lookup, self._inside_only = networks, lookup, inside_only

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if self._lookup:
            found = await self._lookup(host, port)
        else:
            found = await ThreadedResolver().resolve(host, port, family)
        for each in found:
            check_address(each["host"], self._networks, inside_only=self._inside_only)
        return found

    async def close(self) -> None:
        pass
