"""Asking: one POST of JSON over HTTPS, signed, bounded in time and size, tried again, never redirected."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pipecat.utils.security.ssrf import IPNetwork

from voicebot.tools.webhooks.guarded import (
    GuardedResolver,
    Lookup,
    OutOfBounds,
    allowed_networks,
    check_address,
    is_literal,
)

MOST_BYTES = 64 * 1024  # of an answer; a model reads a sixteenth of it
TRIES = 3
AGAIN = frozenset({429, 502, 503, 504})
PAUSE_SECS = 0.3  # before the second try; twice as long before the third
PIECE_BYTES = 4096


class HookFailed(Exception):
    """There is no answer. The message says why, without words of either side."""


class Asking:
    """How webhooks are asked. Tests give networks, schemes, a lookup of names and a clock of their own."""

    def __init__(
        self,
        *,
        networks: Sequence[IPNetwork] | None = None,
        schemes: tuple[str, ...] = ("https",),
        lookup: Lookup | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep,
    ) -> None:
        self._networks = allowed_networks() if networks is None else networks
        self._schemes, self._lookup, self._clock, self._sleep = schemes, lookup, clock, sleep

    async def ask(self, url: str, body: Mapping[str, Any], *, key: str = "", call_id: str = "") -> Any:
        """The answer, JSON or a text; its caller bounds the time. Raises HookFailed.

        With a `key` it is signed: `Greenroom-Signature: t=<seconds>,v1=<HMAC-SHA256 of "seconds.body">`.
        Tries again bring the same `Idempotency-Key`.
        """
        self._check(url)
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._networks, self._lookup), use_dns_cache=False, force_close=True
        )
        async with aiohttp.ClientSession(
            connector=connector, auto_decompress=False, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            for attempt in range(1, TRIES + 1):
                try:
                    return await self._once(session, url, data, self._headers(data, key, call_id))
                except _TryAgain:
                    if attempt == TRIES:
                        break
                    await self._sleep(PAUSE_SECS * attempt)
        raise HookFailed("The server did not answer, however often it was asked.")

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError as error:
            raise HookFailed("Its address is none.") from error
        if parts.scheme not in self._schemes or not host or parts.username is not None:
            raise HookFailed("Its address is no https address.")
        if is_literal(host):
            try:
                check_address(host, self._networks)
            except OutOfBounds as error:
                raise HookFailed("Its address is none of the public internet's.") from error

    def _headers(self, data: bytes, key: str, call_id: str) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/plain",
            "Accept-Encoding": "identity",  # what is not packed is as long as it looks
            "Idempotency-Key": call_id,
            "User-Agent": "Greenroom",
        }
        if key:
            moment = str(int(self._clock()))
            signed = hmac.new(key.encode(), f"{moment}.".encode() + data, hashlib.sha256).hexdigest()
            headers["Greenroom-Signature"] = f"t={moment},v1={signed}"
        return headers

    async def _once(
        self, session: aiohttp.ClientSession, url: str, data: bytes, headers: Mapping[str, str]
    ) -> Any:
        try:
            async with session.post(url, data=data, headers=headers, allow_redirects=False) as response:
                if response.status in AGAIN:
                    raise _TryAgain
                if not 200 <= response.status < 300:
                    raise HookFailed(f"The server answered with {response.status}.")
                if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                    raise HookFailed("The server's answer is packed, which nobody asked for.")
                return _read(await _bounded(response), response.content_type)
        except aiohttp.ClientConnectorDNSError as error:
            raise HookFailed("Its name leads nowhere that may be reached.") from error
        except OutOfBounds as error:
            raise HookFailed("Its name leads nowhere that may be reached.") from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise _TryAgain from error
        except aiohttp.ClientError as error:
            raise HookFailed("The server's answer is none.") from error


class _TryAgain(Exception):
    """It may work in a moment."""


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    read = bytearray()
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        read += piece
        if len(read) > MOST_BYTES:
            raise HookFailed("The server's answer is too long.")
    return bytes(read)


def _read(data: bytes, kind: str) -> Any:
    text = data.decode("utf-8", "replace")
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HookFailed("The server's answer is no JSON.") from error
    return text
