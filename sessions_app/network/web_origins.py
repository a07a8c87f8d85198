"""Web origins (RFC 6454): parsed strictly, and written only from their parts.

What a stranger gives as an origin is either exactly the text that a browser writes for one, or no origin.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
# A name as DNS has it (RFC 1123, and the underscore that hosts of containers have); others come in punycode.
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(\.{LABEL})*")


class WebOrigin(NamedTuple):
    """Scheme, host (an IPv6 address without brackets) and port; `str` is what a browser sends."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def parse(text: str) -> WebOrigin | None:
    """The origin that `text` is, letter by letter; None for anything else, such as `null`."""
    origin = _read(text)
    return origin if origin and str(origin) == text else None


def of_host(scheme: str, host: str) -> WebOrigin | None:
    """The origin of a Host header, which may be written in capitals or name the default port."""
    return _read(f"{scheme}://{host.lower()}")


def _read(text: str) -> WebOrigin | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or parts.username is not None or parts[2:] != ("", "", ""):
        return None
    if not (is_address(host) or HOST_NAME.fullmatch(host)):
        return None
    return WebOrigin(parts.scheme, host, DEFAULT_PORTS[parts.scheme] if port is None else port)


def is_address(host: str) -> bool:
    """Whether it is an IP address, as a browser writes it, and no name."""
    try:
        return str(ipaddress.ip_address(host)) == host and "%" not in host
    except ValueError:
        return False
