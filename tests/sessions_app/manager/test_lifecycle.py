"""Session lifecycle: what keeps a session alive, what changes it, and what ends it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from sessions_app.exceptions import (
    Replaced,
    SessionEnded,
    SessionExpired,
)
from sessions_app.manager import SessionLifecycle, SessionReader, SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.signals import sessions_over

pytestmark = pytest.mark.django_db

VISITOR = "anon:me"


def state(session) -> str:
    return VoiceSession.objects.get(pk=session.id).state


def test_a_session_goes_from_created_to_active_to_idle_to_ended(manager, session):
    assert state(session) == "created"
    connection = uuid4()
    opened = manager.open(session.id, session.token, connection)
    assert (state(session), opened.character, opened.metadata) == ("active", "marlow", {"name": "Robin"})
    assert not opened.resumed
    manager.disconnect(session.id, connection)
    assert state(session) == "idle"
    assert manager.end(session.id, "visitor") is True
    assert manager.end(session.id, "visitor") is False
    with pytest.raises(SessionEnded):
        manager.get(session.id)


def test_activity_keeps_a_session_alive_up_to_its_maximum(manager, session, clock, settings):
    connection = uuid4()
    manager.open(session.id, session.token, connection)
    end = VoiceSession.objects.get().created_at + timedelta(seconds=settings.SESSION_MAX_DURATION)
    while clock.now + timedelta(seconds=settings.SESSION_TTL - 1) < end:
        clock.forward(seconds=settings.SESSION_TTL - 1)
        manager.touch(session.id, connection)
    clock.now = end
    with pytest.raises(SessionExpired):
        manager.touch(session.id, connection)


@pytest.mark.parametrize("ttl", [77, 4321])
def test_the_time_to_live_is_the_setting(manager, clock, settings, ttl):
    settings.SESSION_TTL = ttl
    session = manager.create(character="marlow", visitor=VISITOR)
    clock.forward(seconds=ttl - 1)
    assert manager.get(session.id)
    clock.forward(seconds=1)
    with pytest.raises(SessionExpired):
        manager.get(session.id)


@pytest.mark.parametrize("maximum", [33, 4444])
def test_the_absolute_maximum_is_the_setting(manager, clock, settings, maximum):
    settings.SESSION_MAX_DURATION = maximum
    session = manager.create(character="marlow", visitor=VISITOR)
    clock.forward(seconds=maximum - 1)
    assert manager.touch(session.id) == clock.now + timedelta(seconds=1)
    clock.forward(seconds=1)
    with pytest.raises(SessionExpired):
        manager.touch(session.id)


def test_updates_merge_and_two_writers_both_get_their_say(manager, session, monkeypatch):
    real_change = manager.store.change
    interfered = []

    def change(session_id, changes, condition):
        if not interfered:
            interfered.append(True)
            SyncSessionManager(clock=manager.clock).update(session.id, metadata={"other": 1})
        return real_change(session_id, changes, condition)

    monkeypatch.setattr(manager.store, "change", change)
    assert manager.update(session.id, metadata={"mine": 2, "name": None}).metadata == {"other": 1, "mine": 2}


def test_what_an_operator_has_extended_stays_extended(manager, session, clock, settings):
    connection_id = uuid4()
    manager.open(session.id, session.token, connection_id)
    until = manager.extend(session.id, 10 * 24 * 3600)
    assert until > clock.now + timedelta(days=10)
    clock.forward(seconds=20)
    assert manager.touch(session.id, connection_id) == until
    manager.update(session.id, metadata={"x": 1})
    manager.disconnect(session.id, connection_id)
    again = manager.resume(session.id, VISITOR)
    assert manager.open(session.id, again.token, uuid4()).expires_at == until
    clock.forward(days=9, hours=23)
    assert manager.get(session.id), "also past what the settings allow at most"


def test_it_moves_a_session_on_without_a_manager(memory, record, clock, settings):
    settings.SESSION_TTL = 100
    reader = SessionReader(memory, clock)
    lifecycle = SessionLifecycle(reader)
    assert lifecycle.update(record.id, metadata={"name": None, "colour": "red"}).metadata == {"colour": "red"}
    clock.forward(seconds=30)
    assert lifecycle.touch(record.id) == clock.now + timedelta(seconds=100)
    with pytest.raises(Replaced):
        lifecycle.touch(record.id, uuid4())
    assert lifecycle.end_visitor(VISITOR, "asked for") == [record.id]
    assert reader.record(record.id).end_reason == "asked for"
    assert lifecycle.annotate(record.id, {"title": "kept"}).state == "ended"
    for change in (lifecycle.touch, lifecycle.update, lambda key: lifecycle.extend(key, 60)):
        with pytest.raises(SessionEnded):
            change(record.id)


def test_who_ends_a_session_first_tells_others(memory, record, clock):
    told: list = []

    def hear(session_ids, **_):
        told.extend(session_ids)

    lifecycle = SessionLifecycle(SessionReader(memory, clock))
    sessions_over.connect(hear)
    try:
        assert [lifecycle.end(record.id, "visitor") for _ in range(2)] == [True, False]
    finally:
        sessions_over.disconnect(hear)
    assert told == [record.id]
