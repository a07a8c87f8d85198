"""Client addresses and networks, as limits and logs know them."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address_of(headers: dict[str, str], peer: str) -> str:
    """Where a request comes from: what CLIENT_ADDRESS_HEADER says, where one is set, else its peer.

    Of a list, as X-Forwarded-For is, the last entry counts: the one that our own proxy added. Whoever has an
    IPv6 address has its whole /64, so that is what counts.
    """
    name = settings.CLIENT_ADDRESS_HEADER.lower()
    given = headers.get(name, "") if name else ""
    return network_of(given.split(",")[-1].strip() or peer)


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 address; what is neither stays as it is."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed.packed, 64), strict=False))


def address_of_request(request: HttpRequest) -> str:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return address_of(headers, request.META.get("REMOTE_ADDR", ""))
