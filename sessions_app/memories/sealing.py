"""Memories under the data key of their visitor and character: bound to their own row, so that none opens in
another's place."""

import base64
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sessions_app.crypto import Sealer
from sessions_app.exceptions import RecordUnreadable
from sessions_app.memories.recollection import Finding, Recollection
from sessions_app.models import MemoryKey, SealedMemory, VisitorMemory

MEMORY_TABLE = "memory"


def sealer_of_owner(owner: VisitorMemory) -> Sealer:
    """Seals and opens what is remembered. Raises RecordUnreadable without a key that opens."""
    key = getattr(owner, "data_key", None)
    if key is None:
        raise RecordUnreadable
    return key.sealer()


def sealed_finding(sealer: Sealer, memory_id: UUID, finding: Finding) -> bytes:
    return sealer.seal(MEMORY_TABLE, "payload", 0, finding.as_payload(), bound=str(memory_id))


def sealed_vector(sealer: Sealer, memory_id: UUID, vector: bytes) -> bytes | None:
    if not vector:
        return None
    return sealer.seal(MEMORY_TABLE, "vector", 0, base64.b64encode(vector).decode(), bound=str(memory_id))


def opened_memory(sealer: Sealer, row: SealedMemory) -> Recollection:
    """A row in the clear. Raises RecordUnreadable."""
    bound = str(row.pk)
    payload = sealer.open(MEMORY_TABLE, "payload", 0, bytes(row.sealed), bound)
    vector = b""
    if row.sealed_vector:
        vector = base64.b64decode(sealer.open(MEMORY_TABLE, "vector", 0, bytes(row.sealed_vector), bound))
    return Recollection(row.pk, Finding(**payload), row.created_at, row.used_at, row.uses, vector)


def words_of(owner_id: UUID, memory_id: UUID, sealed: bytes) -> dict[str, Any]:
    """What an event tells of a memory, where words are wanted. Raises RecordUnreadable."""
    key = MemoryKey.objects.filter(owner_id=owner_id).first()
    if key is None:
        raise RecordUnreadable
    payload = key.sealer().open(MEMORY_TABLE, "payload", 0, sealed, str(memory_id))
    return {name: payload[name] for name in ("text", "kind")}


def new_row(
    sealer: Sealer, owner: VisitorMemory, memory: Recollection, now: datetime, days: int
) -> SealedMemory:
    return SealedMemory(
        id=memory.id,
        owner=owner,
        sealed=sealed_finding(sealer, memory.id, memory.finding),
        sealed_vector=sealed_vector(sealer, memory.id, memory.vector),
        created_at=memory.created_at,
        used_at=memory.used_at,
        uses=memory.uses,
        expires_at=now + timedelta(days=days),
    )
