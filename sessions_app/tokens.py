"""Connection tokens: 256 random bits, of which only the hash is kept."""

import hashlib
import secrets

FIRST_CONNECTION_SECS = 120  # from start to the first connection
RECONNECT_SECS = 60  # from a drop to the next connection


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """SHA-256 in hex. No salt: the token is random, so there is nothing to guess from a table."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def matches(token: str, stored_hash: str) -> bool:
    """Whether `token` is the one whose hash was kept, in constant time."""
    return bool(stored_hash) and secrets.compare_digest(hash_of(token), stored_hash)
