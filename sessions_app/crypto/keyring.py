"""Key ring: the keys of SESSION_KEYS, which wrap the data key of every session.

Envelope encryption: each session has a random 256-bit data key, wrapped by the active key with
AES-256-GCM. Rotation rewraps data keys and touches no payload; without its wrapped key a session's
payloads, here or in a backup, are noise.
"""

import base64
import binascii
import re
import secrets
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sessions_app.exceptions import RecordUnreadable

AES_KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D, the size for which GCM needs no hashing of the nonce
KEY_ID = re.compile(r"[A-Za-z0-9_.-]{1,32}")
HOW_TO = "`make secrets` prints a fresh one."
DEVELOPMENT_ID = "development"  # of the key that a development machine makes for itself
MIN_DISTINCT_BYTES = 16  # 32 random bytes have 30 different ones on average, and fewer than 22 never


@dataclass(frozen=True)
class WrappedKey:
    """A data key as it is stored: the id of the key that wraps it, and nonce plus ciphertext plus tag."""

    key_id: str
    data: bytes


def _aad(key_id: str, session_id: UUID) -> bytes:
    return f"greenroom:1:data-key:{key_id}:{session_id}".encode()


def parse_keys(text: str) -> dict[str, bytes]:
    """The keys of SESSION_KEYS by id, in order. Raises ImproperlyConfigured, never quoting a key."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), 1):
        key_id, _, encoded = entry.partition(":")
        if not KEY_ID.fullmatch(key_id):
            raise ImproperlyConfigured(f"Key {number} of SESSION_KEYS has no id: write id:base64key.")
        if key_id in keys:
            raise ImproperlyConfigured(f"SESSION_KEYS names the key {key_id!r} twice.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(f"The session key {key_id!r} is not base64. {HOW_TO}") from error
        if len(key) != AES_KEY_BYTES:
            raise ImproperlyConfigured(
                f"The session key {key_id!r} has {len(key)} bytes, not {AES_KEY_BYTES}. {HOW_TO}"
            )
        keys[key_id] = key
    return keys


def check_strength(text: str) -> None:
    """Refuses what must not protect anybody: development keys, and keys that nobody drew at random.

    Raises ImproperlyConfigured.
    """
    for key_id, key in parse_keys(text).items():
        if key_id == DEVELOPMENT_ID:
            raise ImproperlyConfigured(f"The session key {key_id!r} is a development key. {HOW_TO}")
        steps = {(after - before) % 256 for before, after in pairwise(key)}
        if len(set(key)) < MIN_DISTINCT_BYTES or len(steps) < MIN_DISTINCT_BYTES:
            raise ImproperlyConfigured(f"The session key {key_id!r} was not drawn at random. {HOW_TO}")


class KeyRing:
    """Keys by id. The first wraps new data keys; all of them unwrap."""

    def __init__(self, keys: dict[str, bytes]):
        if not keys:
            raise ImproperlyConfigured(f"SESSION_KEYS is empty. {HOW_TO}")
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.active = next(iter(keys))

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """A ring from `id:base64key,id:base64key`. Raises ImproperlyConfigured, never quoting a key."""
        return cls(parse_keys(text))

    def new_data_key(self, session_id: UUID) -> tuple[bytes, WrappedKey]:
        """A fresh data key and how to store it."""
        data_key = secrets.token_bytes(AES_KEY_BYTES)
        return data_key, self.wrap(data_key, session_id)

    def wrap(self, data_key: bytes, session_id: UUID) -> WrappedKey:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self.active].encrypt(nonce, data_key, _aad(self.active, session_id))
        return WrappedKey(self.active, nonce + sealed)

    def unwrap(self, wrapped: WrappedKey, session_id: UUID) -> bytes:
        """The data key. Raises RecordUnreadable for a lost key, another session's key or a changed byte."""
        cipher = self._ciphers.get(wrapped.key_id)
        if cipher is None:
            raise RecordUnreadable
        nonce, sealed = wrapped.data[:NONCE_BYTES], wrapped.data[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, _aad(wrapped.key_id, session_id))
        except (InvalidTag, ValueError) as error:
            raise RecordUnreadable from error


@cache
def _ring(text: str) -> KeyRing:
    return KeyRing.parse(text)


def key_ring() -> KeyRing:
    """The ring of the settings, parsed once for each value they take."""
    return _ring(settings.SESSION_KEYS)
