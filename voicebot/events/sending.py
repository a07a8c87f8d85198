"""Sending: one event, signed, in one bounded request; and what came of it."""

import asyncio
import time
from datetime import datetime
from typing import Any

from sessions_app.database import in_database
from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.models import EventEndpoint, OutboxEvent
from sessions_app.outbox import Settled, secrets
from voicebot.events.payloads import body_of
from voicebot.outbound import Answered, PostFailed, Posting

ANSWER_SECS = 10.0  # for a whole request; a receiver that has more to do does it afterwards
GONE = 410


async def send(posting: Posting, event: OutboxEvent, endpoint: EventEndpoint, now: datetime) -> Settled:
    """Posts an event to its endpoint. What goes wrong is in what it gives back, without words."""
    began = time.monotonic()

    def settled(outcome: str, *, delivered: bool = False, **more: Any) -> Settled:
        took_ms = round((time.monotonic() - began) * 1000)
        return Settled(delivered, outcome, took_ms, **more)

    try:
        body = await in_database(lambda: body_of(event, with_words=endpoint.with_words))
    except (SessionNotFound, RecordUnreadable):
        return settled("What it tells of cannot be opened any more.", hopeless=True)
    headers = signed_headers(str(event.message), secrets.in_force(endpoint, now), now, body)
    if headers is None:
        return settled("The key of its endpoint's secret is gone: give it a new secret.")
    try:
        async with asyncio.timeout(ANSWER_SECS):
            answered = await posting.post(endpoint.url, body, headers)
    except TimeoutError:
        return settled(f"No answer within {ANSWER_SECS:.0f} s.")
    except PostFailed as error:
        return settled(str(error))
    return settled(
        str(answered.status),
        delivered=200 <= answered.status < 300,
        retry_after_secs=_asked_for(answered),
        gone=answered.status == GONE,
    )


def signed_headers(message: str, signing: list[str], now: datetime, body: bytes) -> dict[str, str] | None:
    """The headers of Standard Webhooks; None without a secret."""
    if not signing:
        return None
    moment = int(now.timestamp())
    return {
        "webhook-id": message,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(secrets.signed(secret, message, moment, body) for secret in signing),
    }


def _asked_for(answered: Answered) -> float:
    """How long the receiver asks us to wait; 0 where it says nothing, or names a day."""
    told = answered.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() and len(told) < 7 else 0.0
