"""One suite for every store: whatever keeps the sessions, they behave the same."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection

from sessions_app.exceptions import SessionNotFound
from sessions_app.models import VoiceSession
from sessions_app.records import Record, Summary, TurnRecord
from sessions_app.stores import STORES, get_store
from sessions_app.stores.base import Condition
from sessions_app.stores.cache import CacheStore
from sessions_app.stores.cached_db import CachedDatabaseStore
from sessions_app.stores.db import DatabaseStore
from sessions_app.stores.memory import MemoryStore
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


ALL = [MemoryStore, CacheStore, DatabaseStore, CachedDatabaseStore]


@pytest.fixture(params=ALL, ids=lambda store: store.__name__)
def store(request):
    make_character()
    return request.param()


def made_record(clock) -> Record:
    return Record(
        id=uuid4(),
        character="marlow",
        visitor="anon:me",
        state="created",
        created_at=clock(),
        active_at=clock(),
        expires_at=clock() + timedelta(hours=1),
        deadline_at=clock() + timedelta(days=1),
        ended_at=None,
        end_reason="",
        connection=None,
        connections=0,
        token_hash="x",
        token_until=clock() + timedelta(minutes=2),
        token_used=False,
        key_id="k1",
        wrapped_key=b"\x00\xff wrapped",
        metadata=b"\x01 sealed",
        metadata_sequence=0,
        turns=0,
        client_version="",
        latency_ms=None,
    )


@pytest.fixture
def record(store, clock) -> Record:
    made = made_record(clock)
    store.create(made)
    return made


def turn(number: int, clock, sealed: bytes = b"sealed") -> TurnRecord:
    return TurnRecord(number, "user", False, sealed + str(number).encode(), clock())


def test_a_record_comes_back_as_it_went(store, record):
    assert store.load(record.id) == record
    assert store.load(uuid4()) is None


def test_a_change_happens_only_while_its_condition_holds(store, record, clock):
    now = clock()
    held = Condition(("created",), {"token_hash": "x", "connection": None}, {"expires_at": now})
    if isinstance(store, DatabaseStore):  # SQL compares with NULL by IS, which no caller needs
        held = replace(held, equal={"token_hash": "x"})
    connection_id = uuid4()
    changed = store.change(record.id, {"state": "active", "connection": connection_id}, held)
    assert changed == replace(record, state="active", connection=connection_id, revision=1)
    assert store.load(record.id) == changed
    for condition in (
        Condition(("created",)),
        Condition(equal={"token_hash": "other"}),
        Condition(later={"expires_at": now + timedelta(days=9)}),
    ):
        assert store.change(record.id, {"state": "ended"}, condition) is None
    assert store.load(record.id) == changed
    assert store.change(uuid4(), {"state": "ended"}, Condition()) is None


def test_of_many_who_try_the_same_transition_one_succeeds(store, record):
    won = []

    def attempt() -> None:
        if store.change(record.id, {"state": "active"}, Condition(("created",))):
            won.append(True)
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_turns_are_appended_in_order_and_once(store, record, clock):
    assert store.append(record.id, [turn(1, clock), turn(2, clock)]) == []
    assert store.append(record.id, [turn(2, clock), turn(3, clock)]) == [], "the same again changes nothing"
    assert store.append(record.id, [turn(3, clock, b"other"), turn(4, clock)]) == [3], "a place that is taken"
    assert store.turns(record.id) == [turn(number, clock) for number in (1, 2, 3, 4)]
    assert store.turns(record.id, after=2) == [turn(3, clock), turn(4, clock)]
    assert store.turns(record.id, newest=1) == [turn(4, clock)]
    assert store.turns(record.id, newest=0) == []
    # Known with the next change at the latest: a cache need not hear of each turn.
    assert store.change(record.id, {"active_at": clock()}, Condition()).turns == 4
    with pytest.raises(SessionNotFound):
        store.append(uuid4(), [turn(1, clock)])


def test_the_summary_that_covers_most_is_kept(store, record, clock):
    first, second = Summary(10, b"one", clock()), Summary(20, b"two", clock())
    assert store.summary(record.id) is None
    assert store.summarise(record.id, first)
    assert store.summarise(record.id, second)
    assert not store.summarise(record.id, first)
    assert store.summary(record.id) == second
    assert not store.summarise(uuid4(), first)


def test_deleting_takes_everything_and_says_how_much(store, record, clock):
    store.append(record.id, [turn(1, clock), turn(2, clock)])
    store.summarise(record.id, Summary(1, b"one", clock()))
    removed = store.delete(record.id)
    assert (removed.sessions, removed.turns, removed.summaries) == (1, 2, 1)
    assert store.load(record.id) is None
    assert store.turns(record.id) == []
    assert store.summary(record.id) is None
    assert store.delete(record.id).sessions == 0
    assert store.of_visitor("anon:me") == []


def test_a_visitors_sessions_come_last_active_first(store, record, clock):
    other = replace(record, id=uuid4(), active_at=clock() + timedelta(minutes=1))
    store.create(other)
    store.create(replace(record, id=uuid4(), visitor="anon:else"))
    assert [r.id for r in store.of_visitor("anon:me")] == [other.id, record.id]


def test_what_is_due_is_found(store, record, clock):
    clock.forward(minutes=59)
    assert store.expired(clock(), 10) == []
    clock.forward(minutes=1)
    assert store.expired(clock(), 10) == [record.id]
    store.change(record.id, {"state": "expired", "ended_at": clock()}, Condition())
    assert store.expired(clock(), 10) == []
    assert store.past_retention(clock() - timedelta(seconds=1), 10) == []
    assert store.past_retention(clock(), 10) == [record.id]


def test_keys_to_rotate_are_found_in_order(store, record):
    store.create(replace(record, id=uuid4(), key_id="k2"))
    third = replace(record, id=uuid4())
    store.create(third)
    ids = sorted([record.id, third.id])
    assert [r.id for r in store.wrapped_by_others("k2", None, 10)] == ids
    assert [r.id for r in store.wrapped_by_others("k2", ids[0], 10)] == ids[1:]


def test_every_name_of_the_setting_makes_a_store(settings):
    for name in STORES:
        settings.SESSION_STORE = name
        assert get_store() is get_store()


def test_cached_db_reads_no_database_twice(clock, django_assert_num_queries):
    make_character()
    session = VoiceSession.objects.create(
        character_id="marlow",
        visitor="x",
        created_at=clock(),
        active_at=clock(),
        expires_at=clock(),
        deadline_at=clock(),
        token_until=clock(),
        key_id="k",
        wrapped_key=b"",
        metadata=b"",
    )
    store = CachedDatabaseStore()
    with django_assert_num_queries(1):
        first = store.load(session.pk)
    with django_assert_num_queries(0):
        assert store.load(session.pk) == first
    store.change(session.pk, {"state": "active"}, Condition())
    with django_assert_num_queries(0):
        assert store.load(session.pk).state == "active"
    cache.clear()
    assert store.load(session.pk).state == "active"


def test_of_two_changes_the_later_one_stays_in_the_cache_whichever_comes_there_first(clock, monkeypatch):
    """A connection goes and its visitor comes back in the same moment, perhaps in another process."""
    store = CachedDatabaseStore()
    make_character()
    session = made_record(clock)
    store.create(session)
    slow: list = []
    keep = store._keep
    monkeypatch.setattr(store, "_keep", slow.append)
    store.change(session.id, {"state": "idle"}, Condition())  # on its way to the cache
    monkeypatch.setattr(store, "_keep", keep)
    store.change(session.id, {"token_hash": "new"}, Condition())
    keep(slow[0])
    found = store.load(session.id)
    assert found is not None
    assert (found.token_hash, found.state) == ("new", "idle")


def test_what_was_erased_does_not_come_back_by_a_slow_reader(clock, monkeypatch):
    store = CachedDatabaseStore()
    make_character()
    session = made_record(clock)
    store.create(session)
    cache.clear()
    read = DatabaseStore.load(store, session.id)

    def erased_meanwhile(*_: Any) -> Any:
        store.delete(session.id)
        return read

    monkeypatch.setattr(DatabaseStore, "load", erased_meanwhile)
    store.load(session.id)
    monkeypatch.undo()
    assert store.load(session.id) is None
