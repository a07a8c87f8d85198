"""Session descriptions (RFC 8866) as strangers send them and as we answer: candidates, and Opus."""

import ipaddress
import re
from collections.abc import Sequence

MOST_BYTES, MOST_LINES, MOST_MEDIA = 48 * 1024, 1500, 6  # of an offer; Chromium's has 7 KB and 4 media
MOST_CANDIDATES = 32  # of one client
MOST_CANDIDATE_BYTES = 400
LEAST_PORT = 1024  # of a client's; what listens below is not a browser
OPUS = "minptime=20;useinbandfec=1;usedtx=1;stereo=0;sprop-stereo=0;maxaveragebitrate=32000"  # RFC 7587

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052, section 2.1
OWN_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215: where in it the IPv4 address is, each decides

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OfferError(ValueError):
    """A description or candidate that nothing can be made of; the text says what is wrong with it."""


def address_of(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _ipv4_within(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which packets for an IPv6 one are sent on, translated or tunnelled."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def is_reachable(text: str, port: int, visitor: str) -> bool:
    """Whether we send anything to a candidate of a visitor's who has come from the address `visitor`.

    Into a private network nobody lets us ask who is not in it; a host's name would have to be looked up.
    """
    address, own = address_of(text), address_of(visitor)
    if address is None or not LEAST_PORT <= port <= 65_535 or address in OWN_NAT64:
        return False
    address = _ipv4_within(address) or address
    own = getattr(own, "ipv4_mapped", None) or own  # of a socket for both families
    if address.is_multicast or address.is_unspecified or address.is_reserved or address.is_link_local:
        return False
    if address.is_loopback:
        return own is not None and own.is_loopback
    return address.is_global or (own is not None and not own.is_global)


def candidate_is_reachable(candidate: str, visitor: str) -> bool:
    """The same for a candidate as RFC 8839 writes it, behind `candidate:`. Raises OfferError."""
    parts = candidate.split()
    if len(candidate) > MOST_CANDIDATE_BYTES or len(parts) < 8 or not parts[5].isdecimal():
        raise OfferError("a candidate that is none")
    return parts[2].lower() == "udp" and is_reachable(parts[4], int(parts[5][:6]), visitor)


def checked_offer(sdp: str, visitor: str) -> str:
    """An offer with the candidates that we may try, all at its end. Raises OfferError.

    Who bundles everything may name them in one section only (RFC 8843, section 8.1); aiortc reads the last.
    """
    lines = sdp.splitlines()
    if len(sdp) > MOST_BYTES or len(lines) > MOST_LINES:
        raise OfferError("an offer that is longer than any browser's")
    media = [line.split()[0] for line in lines if line.startswith("m=")]
    if not 2 <= len(media) <= MOST_MEDIA or media.count("m=application") != 1 or "m=audio" not in media:
        raise OfferError("an offer without sound and a data channel")
    if "a=group:BUNDLE" not in sdp:
        raise OfferError("an offer without BUNDLE")
    candidates = dict.fromkeys(line for line in lines if line.startswith("a=candidate:"))
    tried = [
        line for line in candidates if candidate_is_reachable(line.removeprefix("a=candidate:"), visitor)
    ]
    kept = [line for line in lines if line not in candidates]
    return "\r\n".join([*kept, *tried[:MOST_CANDIDATES]]) + "\r\n"


def finished_answer(sdp: str, announced: Sequence[str], visitor: str) -> str:
    """Our answer: with the addresses under which we are known, and Opus with correction and silence."""
    own = address_of(visitor)
    near = own is not None and not own.is_global
    payload = match[1] if (match := re.search(r"^a=rtpmap:(\d+) opus/", sdp, re.M | re.I)) else ""
    lines: list[str] = []
    for line in sdp.splitlines():
        if line.startswith(f"a=fmtp:{payload} "):
            continue
        if announced and line.startswith("a=candidate:"):
            lines += _announced(line, announced)
            if not near:
                continue
        lines.append(line)
        if payload and line.startswith(f"a=rtpmap:{payload} "):
            lines.append(f"a=fmtp:{payload} {OPUS}")
    return "\r\n".join(lines) + "\r\n"


def _announced(line: str, announced: Sequence[str]) -> list[str]:
    """A host candidate's line with each announced address of its family: its port is the same outside."""
    parts = line.split()
    host = address_of(parts[4])
    if host is None or "host" not in parts or host.is_loopback:
        return []
    found = []
    for text in announced:
        address = address_of(text)
        if address is not None and address.version == host.version:
            preferred = str(int(parts[3]) + 1)
            found.append(" ".join([*parts[:3], preferred, text, *parts[5:]]))
    return found
