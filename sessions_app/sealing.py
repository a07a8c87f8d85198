"""Sealing: what a session remembers, as AES-256-GCM under its data key.

The associated data names the table, the session, the field and the sequence number, so that a record
moved to another place does not open there. Every failure is the same RecordUnreadable.
"""

import json
import secrets
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sessions_app.exceptions import RecordUnreadable
from sessions_app.keyring import NONCE_BYTES

VERSION = b"\x01"


class Sealer:
    """Seals and opens JSON values of one session."""

    def __init__(self, data_key: bytes, session_id: UUID):
        self._cipher = AESGCM(data_key)
        self._session_id = session_id

    def _aad(self, table: str, field: str, sequence: int) -> bytes:
        return f"greenroom:1:{table}:{self._session_id}:{field}:{sequence}".encode()

    def seal(self, table: str, field: str, sequence: int, value: Any) -> bytes:
        """`value` as version byte, nonce (12 bytes), ciphertext and tag (16 bytes)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
            "utf-8",
            "surrogatepass",  # JSON may hold a lone surrogate; it comes back as it was
        )
        return VERSION + nonce + self._cipher.encrypt(nonce, plain, self._aad(table, field, sequence))

    def open(self, table: str, field: str, sequence: int, sealed: bytes) -> Any:
        """What was sealed at exactly this place. Raises RecordUnreadable."""
        sealed = bytes(sealed)
        if sealed[:1] != VERSION:
            raise RecordUnreadable
        nonce, cipher_text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            plain = self._cipher.decrypt(nonce, cipher_text, self._aad(table, field, sequence))
            return json.loads(plain.decode("utf-8", "surrogatepass"))
        except (InvalidTag, ValueError) as error:
            raise RecordUnreadable from error
