"""A session in the memory of the test, for parts of the manager that need no database."""

from datetime import timedelta
from uuid import uuid4

import pytest

from sessions_app.crypto.keyring import key_ring
from sessions_app.crypto.sealer import Sealer
from sessions_app.session import SESSION_TABLE
from sessions_app.stores.memory import MemoryStore
from sessions_app.stores.records import Record


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def record(memory, clock) -> Record:
    session_id = uuid4()
    data_key, wrapped = key_ring().new_data_key(session_id)
    made = Record(
        id=session_id,
        character="marlow",
        visitor="anon:me",
        state="idle",
        created_at=clock(),
        active_at=clock(),
        expires_at=clock() + timedelta(minutes=1),
        deadline_at=clock() + timedelta(days=1),
        ended_at=None,
        end_reason="",
        connection=None,
        connections=1,
        token_hash="",
        token_until=clock(),
        token_used=True,
        key_id=wrapped.key_id,
        wrapped_key=wrapped.data,
        metadata=Sealer(data_key, session_id).seal(SESSION_TABLE, "metadata", 0, {"name": "Robin"}),
        metadata_sequence=0,
        turns=0,
        client_version="",
        latency_ms=None,
    )
    memory.create(made)
    return made
