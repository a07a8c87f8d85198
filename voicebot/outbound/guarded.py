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

Lookup = Callable[[str, int], Awaitable[list[ResolveResult]]]


class OutOfBounds(OSError):
    """An address that no request may reach."""


def allowed_networks() -> list[IPNetwork]:
    return [ipaddress.ip_network(each) for each in default_allowed_file_url_networks()]


def check_address(address: str, networks: Sequence[IPNetwork], *, inside_only: bool = False) -> None:
    """Raises OutOfBounds for what is neither public nor in these networks; `inside_only`: not in these."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    public = found.is_global and inner.is_global and not inside_only
    if not public and not any(found in network for network in networks):
        raise OutOfBounds("That address is none of the public internet's.")


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
