"""Secrets of endpoints, as Standard Webhooks has them: shown once, sealed, two while one follows the other.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from sessions_app.exceptions import RecordUnreadable
from sessions_app.models import EventEndpoint

PREFIX = "whsec_"
SECRET_BYTES = 32  # the standard's own are 24 to 64
ROTATION = timedelta(days=1)  # in which what is sent is signed by the secret before, too
ENDPOINT_TABLE = "event endpoint"


def issue(endpoint: EventEndpoint, now: datetime) -> str:
    """Gives an unsaved or saved endpoint a new secret, and gives it back: nobody can see it again.

    The newest one before it goes on for a day.
    """
    text = PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    before = [[secret, (now + ROTATION).timestamp()] for secret in in_force(endpoint, now)[:1]]
    kept: list[list[Any]] = [[text, None], *before]
    endpoint.sealed_secrets = endpoint.new_sealer().seal(ENDPOINT_TABLE, "secrets", 0, kept)
    return text


def in_force(endpoint: EventEndpoint, now: datetime) -> list[str]:
    """The newest first. None where the key that they are sealed under is gone."""
    if not endpoint.sealed_secrets:
        return []
    try:
        kept = endpoint.sealer().open(ENDPOINT_TABLE, "secrets", 0, bytes(endpoint.sealed_secrets))
    except RecordUnreadable:
        return []
    return [secret for secret, until in kept if until is None or until > now.timestamp()]


def signed(secret: str, message: str, moment: int, body: bytes) -> str:
    """One signature of `webhook-signature`, over id, timestamp (seconds) and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message}.{moment}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
