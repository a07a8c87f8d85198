"""Session reader: what is there of a session, whose it is, and what is not to be read."""

from uuid import uuid4

import pytest
from django.core.cache import cache

from sessions_app.exceptions import (
    Forbidden,
    RecordUnreadable,
    SessionExpired,
    SessionNotFound,
)
from sessions_app.manager import SessionReader
from sessions_app.manager.opening import UNWRITTEN_TURNS
from sessions_app.models import DataKey, VoiceSession
from sessions_app.session.turn import Turn

pytestmark = pytest.mark.django_db

VISITOR = "anon:me"


def test_metadata_is_sealed_in_the_table(manager):
    session = manager.create(character="marlow", visitor=VISITOR, metadata={"name": "zanzibarquince"})
    row = VoiceSession.objects.get(pk=session.id)
    assert b"zanzibarquince" not in bytes(row.metadata)
    assert session.token not in str(VoiceSession.objects.values().get())


@pytest.mark.parametrize("session_id", [uuid4(), "nonsense", "", "x" * 1000])
def test_no_such_session(manager, session_id):
    for ask in (manager.get, manager.touch, manager.erase):
        with pytest.raises(SessionNotFound):
            ask(session_id)


def test_a_record_with_a_foreign_key_or_a_flipped_bit_fails_closed_and_alone(manager, session):
    other = manager.create(character="marlow", visitor=VISITOR, metadata={"x": 1})
    row = VoiceSession.objects.get(pk=other.id)
    VoiceSession.objects.filter(pk=session.id).update(metadata=row.metadata)
    DataKey.objects.filter(pk=session.id).update(wrapped_key=row.data_key.wrapped_key)
    cache.clear()  # where there is Redis, it still knows the row as it was
    with pytest.raises(RecordUnreadable):
        manager.get(session.id)
    assert manager.get(other.id).metadata == {"x": 1}


def test_nothing_of_a_session_shows_in_its_repr(session):
    assert "Robin" not in repr(session)
    assert session.token not in repr(session)


def test_turns_are_counted_whatever_their_numbers(manager, session, clock):
    """After a take-over from a connection that could not sign off, numbers leave a gap."""
    assert manager.count_turns(session.id) == 0
    said = [Turn(number, "user", "x", False, clock()) for number in (1, 2, UNWRITTEN_TURNS + 3)]
    manager.append(session.id, said)
    assert manager.count_turns(session.id) == 3


def test_it_reads_without_a_manager(memory, record, clock):
    reader = SessionReader(memory, clock)
    assert reader.get(str(record.id)).metadata == {"name": "Robin"}
    assert reader.owned(record.id, VISITOR) == reader.record(record.id) == record
    assert [found.id for found in reader.of_visitor(VISITOR)] == [record.id]
    with pytest.raises(Forbidden):
        reader.owned(record.id, "anon:else")
    clock.now = record.expires_at
    with pytest.raises(SessionExpired):
        reader.get(record.id)
    assert isinstance(reader.why_unchanged(record.id), SessionExpired)
    assert isinstance(reader.why_unchanged(uuid4()), SessionNotFound)
