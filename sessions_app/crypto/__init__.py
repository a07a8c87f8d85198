"""Envelope encryption: the key ring, the sealer, rows that are sealed. One place for a security review."""

from sessions_app.crypto.keyring import NONCE_BYTES, WrappedKey, check_strength, key_ring
from sessions_app.crypto.sealed_rows import SealedRow
from sessions_app.crypto.sealer import Sealer

__all__ = ["NONCE_BYTES", "SealedRow", "Sealer", "WrappedKey", "check_strength", "key_ring"]
