"""Attempts at a start, which a page that is left before it has read the answer can take back.

Such a page knows no session. It names its attempt when it begins, by random bits of its own, and again when
it goes.
"""

from uuid import UUID

from django.core.cache import cache

from sessions_app.identity import session_tokens

LONGEST_KEY = 80  # characters


def _key(attempt: str) -> str:
    return f"attempt:{session_tokens.hash_of(attempt)}"


async def note(attempt: str, session_id: UUID) -> None:
    """Remembers what an attempt has made, for as long as its token would open it the first time."""
    if attempt:
        await cache.aset(_key(attempt), str(session_id), session_tokens.FIRST_CONNECTION_SECS)


async def made_by(attempt: str) -> str:
    """The session that an attempt has made, '' if it made none that is remembered."""
    found = await cache.aget(_key(attempt)) if attempt else None
    return found if isinstance(found, str) else ""
