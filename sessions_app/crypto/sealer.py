"""Sealer: what a session remembers, as AES-256-GCM under its data key.

The associated data names the table, the session, the field and the sequence number, so that a record
moved to another place does not open there. What else stands in the clear beside the words, and must not be
changed there, can be bound to them. Every failure is the same RecordUnreadable.
"""

import json
import secrets
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions_app.crypto.keyring import NONCE_BYTES
from sessions_app.exceptions import RecordUnreadable

PLAIN, BOUND = b"\x01", b"\x02"  # first byte: bound to its place, or to its place and more


class Sealer:
    """Seals and opens JSON values of one session."""

    def __init__(self, data_key: bytes, session_id: UUID):
        self._cipher = AESGCM(data_key)
        self._session_id = session_id

    def _aad(self, version: bytes, table: str, field: str, sequence: int, bound: str) -> bytes:
        place = f"{table}:{self._session_id}:{field}:{sequence}"
        return (
            f"greenroom:2:{place}:{bound}".encode() if version == BOUND else f"greenroom:1:{place}".encode()
        )

    def seal(self, table: str, field: str, sequence: int, value: Any, bound: str = "") -> bytes:
        """`value` as version byte, nonce (12 bytes), ciphertext and tag (16 bytes).

        It opens only where `bound` is the same text again.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        version = BOUND if bound else PLAIN
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
            "utf-8",
            "surrogatepass",  # JSON may hold a lone surrogate; it comes back as it was
        )
        aad = self._aad(version, table, field, sequence, bound)
        return version + nonce + self._cipher.encrypt(nonce, plain, aad)

    def open(self, table: str, field: str, sequence: int, sealed: bytes, bound: str = "") -> Any:
        """What was sealed at exactly this place. Raises RecordUnreadable.

        What was sealed before anything could be bound opens whatever `bound` is: nobody can make such a
        record of a bound one without the data key.
        """
        sealed = bytes(sealed)
        version = sealed[:1]
        if version not in (PLAIN, BOUND):
            raise RecordUnreadable
        nonce, cipher_text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            plain = self._cipher.decrypt(
                nonce, cipher_text, self._aad(version, table, field, sequence, bound)
            )
            return json.loads(plain.decode("utf-8", "surrogatepass"))
        except (InvalidTag, ValueError) as error:
            raise RecordUnreadable from error
