"""Trusted peers: the proxies and the networks of TRUSTED_PROXIES."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Raises ValueError for what is no network."""
    return tuple(ipaddress.ip_network(text) for text in texts)


@lru_cache(maxsize=4)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return networks(texts)


def is_proxy(peer: str) -> bool:
    """Whether a connection from this address is one of TRUSTED_PROXIES; '' is a socket of this machine."""
    if not peer:
        return True
    try:
        address: Any = ipaddress.ip_address(peer)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


def comes_from_within(request: HttpRequest) -> bool:
    """Whether a request comes straight from one of our own networks, and not from outside through a proxy."""
    return "X-Forwarded-For" not in request.headers and is_proxy(request.META.get("REMOTE_ADDR", ""))
