"""Session tokens: 256 random bits each, of which only the hash is kept.

A connection token stands in the socket's address, so in logs of proxies: it opens the socket, soon after it
was given, and again from the same address only; it does nothing else. A session secret reads, erases and
comes back; it is given once, in a header, to whoever began the session, for clients that keep no cookie.
"""

import hashlib
import secrets

FIRST_CONNECTION_SECS = 120  # from start to the first connection
RECONNECT_SECS = 60  # from a drop to the next connection


def new_token() -> str:
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """SHA-256 in hex. No salt: the token is random, so there is nothing to guess from a table."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def bound(token: str, address: str) -> str:
    """A token and where it was used from: nobody can find the address who does not have the token."""
    return hash_of(f"{token} {address}")


def matches(token: str, stored_hash: str) -> bool:
    """Whether `token` is the one whose hash was kept, in constant time."""
    return bool(stored_hash) and secrets.compare_digest(hash_of(token), stored_hash)
