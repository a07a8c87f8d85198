"""The life of a session: who may open it, what keeps it alive, and what ends it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection

from sessions_app import sweeper, tokens
from sessions_app.exceptions import (
    BadRequest,
    CharacterUnknown,
    Forbidden,
    LimitReached,
    RecordUnreadable,
    Replaced,
    SessionEnded,
    SessionExpired,
    SessionNotFound,
    TokenInvalid,
    TooLarge,
)
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession

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


def test_metadata_is_sealed_in_the_table(manager):
    session = manager.create(character="marlow", visitor=VISITOR, metadata={"name": "zanzibarquince"})
    row = VoiceSession.objects.get(pk=session.id)
    assert b"zanzibarquince" not in bytes(row.metadata)
    assert session.token not in str(VoiceSession.objects.values().get())


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"character": "nobody"}, CharacterUnknown),
        ({"metadata": {"x": "y" * 20_000}}, TooLarge),
        ({"metadata": {"x": float("inf")}}, BadRequest),
    ],
)
def test_what_cannot_be_started(manager, asked, error):
    with pytest.raises(error):
        manager.create(**{"character": "marlow", "visitor": VISITOR, **asked})
    assert not VoiceSession.objects.exists()


def test_a_token_opens_the_first_connection_within_two_minutes(manager, session, clock):
    clock.forward(seconds=tokens.FIRST_CONNECTION_SECS + 1)
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())


def test_a_token_reconnects_within_a_minute_of_a_drop_and_not_later(manager, session, clock):
    first, second = uuid4(), uuid4()
    manager.open(session.id, session.token, first)
    clock.forward(minutes=5)
    manager.touch(session.id, first)
    manager.disconnect(session.id, first)
    clock.forward(seconds=tokens.RECONNECT_SECS - 1)
    again = manager.open(session.id, session.token, second)
    assert again.resumed
    assert again.same_client
    manager.disconnect(session.id, second)
    clock.forward(seconds=tokens.RECONNECT_SECS + 1)
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())


@pytest.mark.parametrize("token", ["", "wrong", "\udcff", "x" * 100_000])
def test_a_wrong_token_opens_nothing(manager, session, token):
    with pytest.raises(TokenInvalid):
        manager.open(session.id, token, uuid4())


def test_a_token_of_one_session_does_not_open_another(manager, session):
    other = manager.create(character="marlow", visitor=VISITOR)
    with pytest.raises(TokenInvalid):
        manager.open(other.id, session.token, uuid4())


def test_a_new_connection_takes_over_and_the_old_one_loses_its_hold(manager, session):
    old, new = uuid4(), uuid4()
    manager.open(session.id, session.token, old)
    manager.open(session.id, session.token, new)
    with pytest.raises(Replaced):
        manager.touch(session.id, old)
    manager.disconnect(session.id, old)
    assert state(session) == "active"
    manager.touch(session.id, new)


def test_only_its_visitor_gets_a_new_token(manager, session):
    for stranger in ("anon:else", "user:1", ""):
        with pytest.raises(Forbidden):
            manager.resume(session.id, stranger)
    again = manager.resume(session.id, VISITOR)
    assert again.token != session.token
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())
    assert not manager.open(session.id, again.token, uuid4()).same_client


@pytest.mark.parametrize("session_id", [uuid4(), "nonsense", "", "x" * 1000])
def test_no_such_session(manager, session_id):
    for ask in (manager.get, manager.touch, manager.erase):
        with pytest.raises(SessionNotFound):
            ask(session_id)


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


def test_a_sweep_happens_in_one_process_at_a_time(manager, session, clock, settings):
    """A Postgres advisory lock: whoever comes second leaves it to the first."""
    clock.forward(seconds=settings.SESSION_TTL + 1)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [sweeper.LOCK])
            assert sweeper.sweep(manager) is None
            cursor.execute("SELECT pg_advisory_unlock(%s)", [sweeper.LOCK])
    finally:
        other.close()
    assert sweeper.sweep(manager) == {"expired": 1, "removed": 0, "turns": 0}


def test_purging_expires_what_has_run_out_and_removes_what_is_past_retention(
    manager, session, clock, settings
):
    settings.SESSION_TTL, settings.SESSION_RETENTION = 100, 1000
    manager.create(character="marlow", visitor=VISITOR)
    clock.forward(seconds=101)
    assert manager.purge() == {"expired": 1, "removed": 0, "turns": 0}
    clock.forward(seconds=999)
    assert manager.purge()["removed"] == 0
    clock.forward(seconds=1)
    assert manager.purge()["removed"] == 1
    assert list(VoiceSession.objects.values_list("pk", flat=True)) == [session.id]


def test_purging_goes_on_past_one_batch(manager, clock, settings):
    settings.SESSION_TTL = 10
    for _ in range(5):
        manager.create(character="marlow", visitor=VISITOR)
    clock.forward(seconds=11)
    assert manager.purge(batch=2)["expired"] == 5


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


def test_a_visitor_talks_in_so_many_sessions_at_once_and_no_more(manager, clock, settings):
    settings.MAX_SESSIONS_PER_VISITOR = 2
    for _ in range(2):
        session = manager.create(character="marlow", visitor=VISITOR)
        manager.open(session.id, session.token, uuid4())
    with pytest.raises(LimitReached):
        manager.create(character="marlow", visitor=VISITOR)
    assert manager.create(character="marlow", visitor="anon:else")
    clock.forward(minutes=2)  # both connections are gone without a word
    assert manager.create(character="marlow", visitor=VISITOR)


def test_sessions_made_beforehand_do_not_get_round_the_limit(manager, settings):
    settings.MAX_SESSIONS_PER_VISITOR = 1
    first, second = (manager.create(character="marlow", visitor=VISITOR) for _ in range(2))
    manager.open(first.id, first.token, uuid4())
    with pytest.raises(LimitReached):
        manager.open(second.id, second.token, uuid4())
    manager.open(first.id, first.token, uuid4())  # its own does not count


def test_erasing_takes_the_key_and_the_rows(manager, session):
    assert manager.erase(session.id).sessions == 1
    assert not VoiceSession.objects.exists()


def test_a_record_with_a_foreign_key_or_a_flipped_bit_fails_closed_and_alone(manager, session):
    other = manager.create(character="marlow", visitor=VISITOR, metadata={"x": 1})
    row = VoiceSession.objects.get(pk=other.id)
    VoiceSession.objects.filter(pk=session.id).update(wrapped_key=row.wrapped_key, metadata=row.metadata)
    cache.clear()  # where there is Redis, it still knows the row as it was
    with pytest.raises(RecordUnreadable):
        manager.get(session.id)
    assert manager.get(other.id).metadata == {"x": 1}


def test_nothing_of_a_session_shows_in_its_repr(session):
    assert "Robin" not in repr(session)
    assert session.token not in repr(session)
