"""Posting: one POST of JSON, guarded and bounded; what it answers leads nowhere else."""

import socket
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp import AddrInfoType
from pipecat.utils.security.ssrf import IPNetwork

from voicebot.outbound.guarded import (
    GuardedResolver,
    Lookup,
    OutOfBounds,
    allowed_networks,
    check_address,
    is_literal,
)

MOST_BYTES = 64 * 1024  # of an answer; a model reads a sixteenth of it
PIECE_BYTES = 4096
COMMON_HEADERS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",  # what is not packed is as long as it looks
    "User-Agent": "Greenroom",
}


# Addresses that the request which is being made was kept from.
_refused: ContextVar[list[OutOfBounds]] = ContextVar("refused")


class PostFailed(Exception):
    """There is no answer that could be used. The message says why, without words of either side."""


class Unreached(PostFailed):
    """Nobody answered; it may work in a moment."""


@dataclass(frozen=True)
class Answered:
    """What a server answered, whatever its status. `kind` is the content type, without parameters."""

    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str]


class Posting:
    """Posts to servers, one connection for each request. An async context manager.

    Its caller bounds the time. `networks` of one's own may be reached beside the public internet:
    PIPECAT_ALLOWED_FILE_URL_NETWORKS, unless others are given. With `plain_inside` those,
    and only those, may be asked by plain http.
    """

    def __init__(
        self,
        *,
        networks: Sequence[IPNetwork] | None = None,
        schemes: tuple[str, ...] = ("https",),
        lookup: Lookup | None = None,
        plain_inside: bool = False,
    ) -> None:
        self._networks = allowed_networks() if networks is None else networks
        self._schemes, self._lookup, self._plain_inside = schemes, lookup, plain_inside
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def post(self, url: str, data: bytes, headers: Mapping[str, str]) -> Answered:
        """The answer, of any status. Raises Unreached where another try may help, else PostFailed."""
        session = self._session(inside_only=self._check(url))
        refused: list[OutOfBounds] = []
        noted = _refused.set(refused)
        try:
            async with session.post(
                url, data=data, headers={**COMMON_HEADERS, **headers}, allow_redirects=False
            ) as response:
                packed = response.headers.get("Content-Encoding", "identity").lower() != "identity"
                if packed and response.ok:
                    raise PostFailed("The server's answer is packed, which nobody asked for.")
                body = await _bounded(response) if response.ok else b""
                return Answered(response.status, response.content_type, body, response.headers)
        except (aiohttp.ClientConnectorDNSError, OutOfBounds) as error:
            raise PostFailed("Its name leads nowhere that may be reached.") from error
        except aiohttp.ClientConnectorError as error:
            if refused:  # what is raised may tell of several addresses, and be of no kind of ours
                raise PostFailed("Its name leads nowhere that may be reached.") from error
            raise Unreached("The server did not answer.") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise Unreached("The server did not answer.") from error
        except aiohttp.ClientError as error:
            raise PostFailed("The server's answer is none.") from error
        finally:
            _refused.reset(noted)

    def _session(self, *, inside_only: bool) -> aiohttp.ClientSession:
        def guarded(place: AddrInfoType) -> socket.socket:
            """The last look: what is an address to the client is asked of no resolver. Raises OutOfBounds."""
            family, kind, protocol, _name, address = place
            try:
                check_address(str(address[0]), self._networks, inside_only=inside_only)
            except OutOfBounds as error:
                _refused.get().append(error)
                raise
            return socket.socket(family, kind, protocol)

        if inside_only not in self._sessions:
            resolver = GuardedResolver(self._networks, self._lookup, inside_only=inside_only)
            self._sessions[inside_only] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    resolver=resolver, use_dns_cache=False, force_close=True, socket_factory=guarded
                ),
                auto_decompress=False,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._sessions[inside_only]

    def _check(self, url: str) -> bool:
        """Whether only networks of one's own may be reached by it. Raises PostFailed."""
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise PostFailed("Its address is none.") from error
        inside_only = parts.scheme == "http" and parts.scheme not in self._schemes and self._plain_inside
        if not (parts.scheme in self._schemes or inside_only) or not host or parts.username is not None:
            raise PostFailed("Its address is no https address.")
        if is_literal(host):
            try:
                check_address(host, self._networks, inside_only=inside_only)
            except OutOfBounds as error:
                raise PostFailed("Its address is none of the public internet's.") from error
        return inside_only


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        read += piece
        if len(read) > MOST_BYTES:
            raise PostFailed("The server's answer is too long.")
    return bytes(read)
