"""How long a remote model is waited for, and when a request that failed is made again."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

Chunk = TypeVar("Chunk")

BACKOFF_SECS = 0.5  # before the first retry, then twice as long each time
LOADING_SECS = 1.0  # from question to question whether a model is loaded
TRANSIENT_STATUSES = (408, 409, 429)  # and all of the server's own errors: a second try may succeed


class ModelError(Exception):
    """A reply that did not come, or not to its end. The message holds nothing of what was said."""

    quotable = True


class Stalled(ModelError):
    """No token came for too long, whatever else kept the connection alive."""


class BrokenOff(ModelError):
    """The stream ended before the reply did."""


class NothingSaid(ModelError):
    """The reply was over, and there was not a word in it that is for the visitor."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds a reply is waited for.

    `first_secs` until the first word of the answer, `between_secs` from token to token, `retry_secs` for all
    tries of a request together, of which there are `retries` besides the first. A request that was given up
    goes on for `load_secs` on its own, for the sake of a model that is being loaded.
    """

    first_secs: float
    between_secs: float
    retry_secs: float
    load_secs: float
    retries: int

    def before_retry(self, attempt: int, error: APIError, waited: float) -> float | None:
        """Seconds until a request that failed is made again, None if it is not.

        `attempt` counts from 1, `waited` is seconds since the first. A server that says how long it wants to
        be left alone is obeyed, or given up at once if that is longer than anybody waits.
        """
        if loading(error):
            return LOADING_SECS if waited + LOADING_SECS < self.first_secs else None
        if attempt > self.retries or not _passing(error):
            return None
        asked = retry_after(error.response.headers) if isinstance(error, APIStatusError) else None
        secs = BACKOFF_SECS * 2 ** (attempt - 1) if asked is None else asked
        return secs if waited + secs < min(self.retry_secs, self.first_secs) else None


def loading(error: APIError) -> bool:
    """Whether a server says that it is loading the model (llama.cpp, TGI: 503, and words to that effect)."""
    return (
        isinstance(error, APIStatusError) and error.status_code == 503 and "load" in str(error.body).lower()
    )


def _passing(error: APIError) -> bool:
    if isinstance(error, APIStatusError):
        return error.status_code in TRANSIENT_STATUSES or error.status_code >= 500
    return isinstance(error, APIConnectionError) and not isinstance(error, APITimeoutError)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds in `Retry-After` (RFC 9110, section 10.2.3: a number or a date), None without one."""
    value = headers.get("retry-after", "")
    with suppress(ValueError):
        secs = float(value)
        return max(0.0, secs) if math.isfinite(secs) else None
    with suppress(ValueError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None


async def in_time(
    stream: AsyncIterator[Chunk],
    patience: Patience,
    *,
    tells: Callable[[Chunk], bool],
    answered: Callable[[], bool],
    waited: float,
) -> AsyncGenerator[Chunk, None]:
    """The chunks of a stream for as long as tokens come. Raises Stalled.

    Only chunks that `tells` says have a token in them count: a server may send empty ones, or comments, for
    ever. Until something is `answered` (reasoning is no answer), the time to the first word runs on: `waited`
    seconds of it are over. Time counts while this waits, not while somebody else is busy with a chunk.
    """
    loop = asyncio.get_running_loop()
    iterator = aiter(stream)
    between, whole = patience.between_secs, patience.first_secs - waited
    while True:
        began = loop.time()
        left = between if answered() else min(between, whole)
        try:
            async with asyncio.timeout(max(0.0, left)):
                chunk = await anext(iterator)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Stalled("the model has stopped in the middle") from None
        took = loop.time() - began
        whole -= took
        between = patience.between_secs if tells(chunk) else between - took
        yield chunk
