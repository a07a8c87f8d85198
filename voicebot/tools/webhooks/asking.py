"""Asking: a server is asked with JSON over HTTPS, signed, and tried again."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pipecat.utils.security.ssrf import IPNetwork

from voicebot.outbound import Answered, Lookup, PostFailed, Posting, Unreached

TRIES = 3
AGAIN = frozenset({429, 502, 503, 504})
PAUSE_SECS = 0.3  # before the second try; twice as long before the third


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
        self._networks, self._schemes, self._lookup = networks, schemes, lookup
        self._clock, self._sleep = clock, sleep

    async def ask(
        self,
        url: str,
        body: Mapping[str, Any],
        *,
        key: str = "",
        call_id: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The answer, JSON or a text; its caller bounds the time. Raises HookFailed.

        With a `key` it is signed: `Greenroom-Signature: t=<seconds>,v1=<HMAC-SHA256 of "seconds.body">`.
        Tries again bring the same `Idempotency-Key`. `headers` go with it, where they are none of ours.
        """
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        async with Posting(networks=self._networks, schemes=self._schemes, lookup=self._lookup) as posting:
            for attempt in range(1, TRIES + 1):
                try:
                    answered = await posting.post(
                        url, data, {**(headers or {}), **self._headers(data, key, call_id)}
                    )
                    if answered.status not in AGAIN:
                        return _read(answered)
                except Unreached:
                    pass
                except PostFailed as error:
                    raise HookFailed(str(error)) from error
                if attempt < TRIES:
                    await self._sleep(PAUSE_SECS * attempt)
        raise HookFailed("The server did not answer, however often it was asked.")

    def _headers(self, data: bytes, key: str, call_id: str) -> dict[str, str]:
        headers = {"Accept": "application/json, text/plain", "Idempotency-Key": call_id}
        if key:
            moment = str(int(self._clock()))
            signed = hmac.new(key.encode(), f"{moment}.".encode() + data, hashlib.sha256).hexdigest()
            headers["Greenroom-Signature"] = f"t={moment},v1={signed}"
        return headers


def _read(answered: Answered) -> Any:
    if not 200 <= answered.status < 300:
        raise HookFailed(f"The server answered with {answered.status}.")
    text = answered.body.decode("utf-8", "replace")
    if answered.kind == "application/json" or answered.kind.endswith("+json"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HookFailed("The server's answer is no JSON.") from error
    return text
