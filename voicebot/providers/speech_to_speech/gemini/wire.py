"""Wire: one WebSocket of the Live API, in JSON; and requests beside it, by HTTP.

Google's own package would be 60 MB in memory, and takes no address without TLS: see docs/speech-to-speech.md.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import websockets
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from voicebot.providers.speech_to_speech.gemini.messages import Json
from voicebot.providers.speech_to_speech.vendor import VendorLost

PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
HOSTED = "https://generativelanguage.googleapis.com"
CONNECT_SECS = 10.0  # until a session is set up
CLOSE_SECS = 2.0
ANSWER_SECS = 60.0  # of a request beside the conversation: a summary may be long
MOST_MESSAGE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Address:
    """Where the vendor is, and the key that it takes."""

    api_key: str
    base_url: str = ""

    @property
    def http(self) -> str:
        return (self.base_url or HOSTED).rstrip("/")

    @property
    def socket(self) -> str:
        scheme, _, rest = self.http.partition("://")
        return f"{'ws' if scheme == 'http' else 'wss'}://{rest}{PATH}"

    @property
    def headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self.api_key}


class _Direct(websockets.connect):
    """Follows no redirect: only a header named Authorization would be kept from another host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Wire:
    """Every method raises VendorLost when it is over. No error quotes what the vendor says of it."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def open(cls, address: Address, setup: Json) -> "Wire":
        """A session that is set up, and may be told things."""
        try:
            async with asyncio.timeout(CONNECT_SECS):
                return await cls._set_up(address, setup)
        except InvalidHandshake as error:
            status = getattr(getattr(error, "response", None), "status_code", "")
            raise VendorLost(f"the vendor refuses a session ({status or type(error).__name__})") from error
        except (WebSocketException, OSError, TimeoutError, ValueError) as error:
            raise VendorLost(f"the vendor cannot be reached ({type(error).__name__})") from error

    @classmethod
    async def _set_up(cls, address: Address, setup: Json) -> "Wire":
        wire = cls(
            await _Direct(
                address.socket,
                additional_headers=address.headers,
                open_timeout=None,
                close_timeout=CLOSE_SECS,
                max_size=MOST_MESSAGE_BYTES,
            )
        )
        try:
            await wire.send(setup)
            async for message in wire.messages():
                if "setupComplete" in message:
                    return wire
        except BaseException:
            await wire.close()
            raise
        raise AssertionError("unreachable")

    async def send(self, message: Json) -> None:
        try:
            await self._socket.send(json.dumps(message))
        except (WebSocketException, OSError) as error:
            raise VendorLost(_why(error)) from error

    async def messages(self) -> AsyncIterator[Json]:
        """What it tells, until it is over: then VendorLost is raised."""
        try:
            async for told in self._socket:
                message = json.loads(told)
                if not isinstance(message, dict):
                    raise VendorLost("the vendor tells what is no object")
                yield message
        except (WebSocketException, OSError) as error:
            raise VendorLost(_why(error)) from error
        except ValueError as error:
            raise VendorLost("the vendor does not speak JSON") from error
        raise VendorLost("the vendor has closed the session")

    async def close(self) -> None:
        with suppress(Exception):
            await self._socket.close()


def _why(error: Exception) -> str:
    code = error.rcvd.code if isinstance(error, ConnectionClosed) and error.rcvd else ""
    return f"the vendor has closed the session ({code or type(error).__name__})"


async def generated(address: Address, model: str, request: Json) -> AsyncIterator[Json]:
    """What a model makes of one request, piece by piece. Raises VendorLost."""
    url = f"{address.http}/v1beta/models/{model}:streamGenerateContent"
    limit = aiohttp.ClientTimeout(total=ANSWER_SECS, sock_connect=CONNECT_SECS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, read_bufsize=MOST_MESSAGE_BYTES) as client,
            client.post(
                url,
                params={"alt": "sse"},
                json=request,
                headers=address.headers,
                allow_redirects=False,  # the key would go along
            ) as answer,
        ):
            if answer.status != 200:  # its body may quote the request
                raise VendorLost(f"the vendor refuses a request ({answer.status})")
            async for line in answer.content:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        raise VendorLost(f"the vendor does not answer a request ({type(error).__name__})") from error


def parts_of(piece: Json) -> list[dict[str, Any]]:
    """The parts of the first candidate."""
    candidates = piece.get("candidates") or [{}]
    return list((candidates[0].get("content") or {}).get("parts") or ())


def reason_of(piece: Json) -> str:
    """Why the vendor says no more, '' where it goes on."""
    candidates = piece.get("candidates") or [{}]
    blocked = (piece.get("promptFeedback") or {}).get("blockReason")
    return str(blocked or candidates[0].get("finishReason") or "")
