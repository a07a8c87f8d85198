"""Guarded HTTP: the SDK's client, connecting to addresses that were judged, and reading no more than it may.

A name is resolved here, all its addresses are judged, and one of them is connected to, so that no name leads
elsewhere a moment later; its certificate is checked against the name. Addresses of the public internet are
reached by HTTPS, those in MCP_ALLOWED_NETWORKS also without.
"""

import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import cast

import httpx2
from aiohttp.resolver import ThreadedResolver
from django.conf import settings
from pipecat.utils.security.ssrf import IPNetwork

from voicebot.outbound import Lookup, OutOfBounds, check_address, is_literal
from voicebot.tools.mcp.fate import fate

MOST_BYTES = 1024 * 1024  # of one answer; of events the SDK allows as much
CONNECT_SECS, READ_SECS = 3.0, 300.0  # between two events of a stream that the server may push to
GONE = 404  # of a session that the server does not know any more: it has not run what it was asked


class TooMuch(httpx2.StreamError):
    """An answer is longer than it may be."""


def allowed_networks() -> list[IPNetwork]:
    return [ipaddress.ip_network(each, strict=False) for each in settings.MCP_ALLOWED_NETWORKS]


class Bounded(httpx2.AsyncByteStream):
    """A body that ends with an error when it is too long."""

    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._inner:
            read += len(piece)
            if read > MOST_BYTES:
                raise TooMuch("The server's answer is too long.")
            yield piece

    async def aclose(self) -> None:
        await self._inner.aclose()


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Of one server. `lost` is called when it does not take what it is sent."""

    def __init__(
        self,
        lost: Callable[[], None],
        *,
        networks: Sequence[IPNetwork] | None = None,
        lookup: Lookup | None = None,
        posts_must_do: bool = False,
    ) -> None:
        """`posts_must_do`: answers come by another stream, and a POST that fails is told to nobody."""
        self._lost, self._posts_must_do = lost, posts_must_do
        self._networks = allowed_networks() if networks is None else networks
        self._lookup = lookup or ThreadedResolver().resolve
        self._inner = httpx2.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            response = await self._sent(request)
        except httpx2.ConnectError:
            self._not_run()
            self._lost()
            raise
        if response.status_code == GONE:
            self._not_run()
        if request.method == "POST" and (
            response.status_code == GONE or (self._posts_must_do and response.status_code >= 400)
        ):
            self._lost()
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            await response.aclose()
            raise TooMuch("The server's answer is packed, which nobody asked for.")
        if request.method == "POST":
            response.stream = Bounded(cast(httpx2.AsyncByteStream, response.stream))
        return response

    @staticmethod
    def _not_run() -> None:
        if (known := fate.get()) is not None:
            known.not_run = True

    async def _sent(self, request: httpx2.Request) -> httpx2.Response:
        """Tries one address after the other. Raises ConnectError."""
        error: httpx2.ConnectError | None = None
        for address in await self._addresses(request.url):
            try:
                return await self._inner.handle_async_request(_towards(request, address))
            except httpx2.ConnectError as refused:
                error = refused
        raise error or httpx2.ConnectError("Its name leads nowhere.")

    async def _addresses(self, url: httpx2.URL) -> list[str]:
        host, port = url.host, url.port or (443 if url.scheme == "https" else 80)
        try:
            found = [host] if is_literal(host) else [one["host"] for one in await self._lookup(host, port)]
            for address in found:
                check_address(address, self._networks, inside_only=url.scheme != "https")
        except OutOfBounds as error:
            raise httpx2.ConnectError(str(error)) from error
        except (OSError, socket.gaierror) as error:
            raise httpx2.ConnectError("Its name leads nowhere.") from error
        return found

    async def aclose(self) -> None:
        await self._inner.aclose()


def _towards(request: httpx2.Request, address: str) -> httpx2.Request:
    """The same request to an address; `Host` and what TLS asks for stay as they are."""
    return httpx2.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )


def http_client(
    headers: Mapping[str, str], transport: GuardedTransport, timeout: httpx2.Timeout | None = None
) -> httpx2.AsyncClient:
    """The client that the SDK's transports are given. No proxy of the environment has a say."""
    return httpx2.AsyncClient(
        headers={"User-Agent": "Greenroom", "Accept-Encoding": "identity", **headers},
        timeout=timeout or httpx2.Timeout(READ_SECS, connect=CONNECT_SECS),
        transport=transport,
        trust_env=False,
    )
