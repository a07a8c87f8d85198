"""Calls: whether there are any beside WebSockets, and how visitors reach this machine for them."""

from ipaddress import ip_address
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from greenroom.environment.kinds import Kind, Text, Whole, split

KNOWN = ("websocket", "webrtc")


def _transports(value: list[str]) -> list[str]:
    if not value or set(value) - set(KNOWN) or "websocket" not in value:
        raise ValueError("websocket, or websocket,webrtc")
    return value


def _urls(*schemes: str) -> AfterValidator:
    def check(value: list[str]) -> list[str]:
        if not all(url.startswith(schemes) for url in value):
            raise ValueError(" or ".join(schemes))
        return value

    return AfterValidator(check)


def _addresses(value: list[str]) -> list[str]:
    for text in value:
        ip_address(text)
    return value


def _range(value: str) -> tuple[int, int] | None:
    """A range of ports, None for any. Raises ValueError."""
    if not value:
        return None
    least, dash, most = value.partition("-")
    if not (dash and least.isdecimal() and most.isdecimal() and 1024 <= int(least) <= int(most) <= 65_535):
        raise ValueError("two ports from 1024 on with a hyphen between them, such as 50000-50199")
    return int(least), int(most)


def _ports(value: str) -> str:
    _range(value)
    return value


class CallSettings(NamedTuple):
    """What of it the code asks for."""

    offered: bool
    ports: tuple[int, int] | None
    addresses: list[str]
    stun_urls: list[str]
    turn_urls: list[str]
    turn_secret: str
    turn_credential_secs: int


class Calls(BaseModel):
    """Calls by WebRTC"""

    TRANSPORTS: Annotated[
        list[str],
        BeforeValidator(split),
        AfterValidator(_transports),
        Kind("list", "websocket or websocket,webrtc"),
    ] = Field(
        default=[*KNOWN],
        description="by what visitors talk; websocket alone switches off WebRTC, for which the extra "
        "webrtc is needed",
    )
    WEBRTC_PORTS: Annotated[str, AfterValidator(_ports), Kind("str", "two ports, such as 50000-50199")] = (
        Field(default="", description="the UDP ports for calls, one or two each; else any that are free")
    )
    WEBRTC_ADDRESSES: Annotated[
        list[str],
        BeforeValidator(split),
        AfterValidator(_addresses),
        Kind("list", "IP addresses with commas between them"),
    ] = Field(
        default=[],
        description="the addresses under which visitors reach these ports, where the machine does not have "
        "them itself: behind NAT, in Docker and Kubernetes",
    )
    STUN_URLS: Annotated[
        list[str], BeforeValidator(split), _urls("stun:"), Kind("list", "addresses that begin with stun:")
    ] = Field(
        default=[],
        description="STUN servers, such as stun:turn.example.org:3478; the server itself asks the first",
    )
    TURN_URLS: Annotated[
        list[str],
        BeforeValidator(split),
        _urls("turn:", "turns:"),
        Kind("list", "addresses that begin with turn: or turns:"),
    ] = Field(
        default=[],
        description="TURN servers for visitors whose network lets nothing else through, such as "
        "turns:turn.example.org:443?transport=tcp",
    )
    TURN_SECRET: Text = Field(
        default="", description="what coturn has as static-auth-secret: it makes credentials that run out"
    )
    TURN_CREDENTIAL_SECS: Whole = Field(
        default=3600, ge=60, description="how long a visitor's credentials are good to begin with"
    )

    @property
    def calls(self) -> CallSettings:
        return CallSettings(
            "webrtc" in self.TRANSPORTS,
            _range(self.WEBRTC_PORTS),
            self.WEBRTC_ADDRESSES,
            self.STUN_URLS,
            self.TURN_URLS,
            self.TURN_SECRET,
            self.TURN_CREDENTIAL_SECS,
        )
