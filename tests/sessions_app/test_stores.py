"""One suite for every store: whatever keeps the sessions, they behave the same."""

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from sessions_app.crypto.keyring import WrappedKey
from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.models import DataKey
from sessions_app.session import sealer_of
from sessions_app.stores import STORES, get_store
from sessions_app.stores.base import Condition, Later, More, PageEnd, Room
from sessions_app.stores.cache import CacheStore
from sessions_app.stores.cached_db import CachedDatabaseStore
from sessions_app.stores.db import DatabaseStore
from sessions_app.stores.memory import MemoryStore
from sessions_app.stores.records import Record, SummaryRecord, TurnRecord
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
    one, two, three, four = (turn(number, clock) for number in (1, 2, 3, 4))
    assert store.append(record.id, [two, one]).refused == []
    assert store.append(record.id, [two, three]).refused == [], "the same again changes nothing"
    assert store.append(record.id, [turn(3, clock, b"other"), four]).refused == [3], "a place that is taken"
    assert store.turns(record.id) == [one, two, three, four]
    assert store.turns(record.id, after=2) == [three, four]
    assert store.turns(record.id, newest=1) == [four]
    assert store.turns(record.id, newest=0) == []
    # Known with the next change at the latest: a cache need not hear of each turn.
    assert store.change(record.id, {"active_at": clock()}, Condition()).turns == 4
    with pytest.raises(SessionNotFound):
        store.append(uuid4(), [one])


def test_the_same_turn_is_known_by_its_identity_whatever_its_ciphertext_and_number(store, record, clock):
    first = turn(1, clock)
    store.append(record.id, [first])
    again = replace(first, sealed=b"sealed anew", sequence=7)
    assert store.append(record.id, [again, turn(2, clock)]).refused == []
    assert [t.sequence for t in store.turns(record.id)] == [1, 2]
    assert store.change(record.id, {"active_at": clock()}, Condition()).turns == 2


def test_turns_are_counted_not_numbered(store, record, clock):
    """Numbers may have gaps, where a connection left room for what another one had not written."""
    store.append(record.id, [turn(1, clock), turn(1_001, clock)])
    assert store.change(record.id, {"active_at": clock()}, Condition()).turns == 2


def test_who_writes_learns_who_has_the_session(store, record, clock):
    assert store.append(record.id, [turn(1, clock)]).holder is None
    mine = uuid4()
    store.change(record.id, {"connection": mine}, Condition())
    assert store.append(record.id, [turn(2, clock)]).holder == mine


def test_changes_that_only_add_hold_against_what_was_read_before(store, record, clock):
    late = record.expires_at + timedelta(days=1)
    store.change(record.id, {"expires_at": late, "connected_secs": 5}, Condition())
    changed = store.change(record.id, {"expires_at": Later(clock()), "connected_secs": More(7)}, Condition())
    assert (changed.expires_at, changed.connected_secs) == (late, 12)


def test_of_many_who_race_for_a_visitors_last_place_one_gets_it(store, record, clock):
    others = [replace(record, id=uuid4()) for _ in range(7)]
    for other in others:
        store.create(other)
    room = Room(record.visitor, 2, clock() - timedelta(minutes=1))
    opened: list[bool] = []
    start = threading.Barrier(8)

    def attempt(session_id) -> None:
        start.wait()
        if store.change(session_id, {"state": "active", "active_at": clock()}, Condition(room=room)):
            opened.append(True)
        connection.close()

    threads = [threading.Thread(target=attempt, args=[r.id]) for r in (record, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 2
    assert store.active(room) == 2
    one = next(r for r in store.of_visitor(record.visitor) if r.state == "active")
    assert store.active(room, one.id) == 1
    clock.forward(minutes=2)
    assert store.active(Room(record.visitor, 2, clock() - timedelta(minutes=1))) == 0, (
        "nobody is there any more"
    )


def test_the_summary_that_covers_most_is_kept(store, record, clock):
    first, second = SummaryRecord(10, b"one", clock()), SummaryRecord(20, b"two", clock())
    assert store.summary(record.id) is None
    assert store.summarise(record.id, first)
    assert store.summarise(record.id, second)
    assert not store.summarise(record.id, first)
    assert store.summary(record.id) == second
    assert not store.summarise(uuid4(), first)


def test_deleting_takes_everything_and_says_how_much(store, record, clock):
    store.append(record.id, [turn(1, clock), turn(2, clock)])
    store.summarise(record.id, SummaryRecord(1, b"one", clock()))
    removed = store.delete([record.id, uuid4()])
    assert (removed.sessions, removed.turns, removed.summaries) == (1, 2, 1)
    assert store.load(record.id) is None
    assert store.turns(record.id) == []
    assert store.summary(record.id) is None
    assert store.delete([record.id]).sessions == 0
    assert store.of_visitor("anon:me") == []


def test_a_visitors_sessions_come_last_active_first_and_in_pages(store, record, clock):
    later = [replace(record, id=uuid4(), active_at=clock() + timedelta(minutes=n)) for n in (1, 2, 2)]
    for other in later:
        store.create(other)
    store.create(replace(record, id=uuid4(), visitor="anon:else"))
    everything = store.of_visitor("anon:me")
    assert [r.active_at for r in everything] == sorted((r.active_at for r in everything), reverse=True)
    assert everything[-1].id == record.id
    pages, place = [], None
    while page := store.of_visitor("anon:me", after=place, limit=1):
        pages += page
        place = PageEnd(page[-1].active_at, page[-1].id)
    assert pages == everything, "nothing twice and nothing left out, also where two were active at once"
    assert store.of_visitor("anon:me", character="somebody") == []


def test_what_was_said_in_several_sessions_is_read_at_once(store, record, clock):
    other, silent = replace(record, id=uuid4()), replace(record, id=uuid4())
    store.create(other)
    store.create(silent)
    greeting = replace(turn(1, clock), role="assistant")
    store.append(record.id, [greeting, *(mine := [turn(2, clock), turn(3, clock)])])
    store.append(other.id, [theirs := turn(1, clock)])
    ids = [other.id, record.id, silent.id]
    assert store.first_words(ids) == {record.id: mine[0], other.id: theirs}
    found = store.newest_turns(ids, 3)
    assert {key: turns for key, turns in found.items() if turns} == {
        other.id: [theirs],
        record.id: [mine[1], mine[0]],
    }


def test_what_is_due_is_found(store, record, clock):
    clock.forward(minutes=59)
    assert store.expire(clock(), 10) == []
    clock.forward(minutes=1)
    assert store.due(clock(), clock()) == (1, 0)
    assert [one[:2] for one in store.expire(clock(), 10)] == [(record.id, False)]
    over = store.load(record.id)
    assert (over.state, over.ended_at, over.token_hash) == ("expired", clock(), "")
    assert store.expire(clock(), 10) == []
    assert store.past_retention(clock() - timedelta(seconds=1), 10) == []
    assert store.past_retention(clock(), 10) == [record.id]
    assert store.due(clock(), clock()) == (0, 1)


def test_expiring_tells_who_was_connected(store, record, clock):
    store.change(record.id, {"connection": uuid4()}, Condition())
    clock.forward(hours=2)
    assert [one[:2] for one in store.expire(clock(), 10)] == [(record.id, True)]


def test_what_nobody_ever_opened_is_found(store, record, clock):
    opened, written, touched = (replace(record, id=uuid4()) for _ in range(3))
    for other in (opened, written, touched):
        store.create(other)
    store.change(opened.id, {"connections": 1}, Condition())
    store.append(written.id, [turn(1, clock)])
    clock.forward(minutes=30)
    store.change(touched.id, {"active_at": clock()}, Condition())
    assert store.unused(clock() - timedelta(minutes=1), 10) == [record.id]
    assert store.unused(clock(), 1) == [record.id]


def test_keys_to_rotate_are_found_in_order(store, record):
    store.create(replace(record, id=uuid4(), key_id="k2"))
    third = replace(record, id=uuid4())
    store.create(third)
    ids = sorted([record.id, third.id])
    assert [r.id for r in store.wrapped_by_others("k2", None, 10)] == ids
    assert [r.id for r in store.wrapped_by_others("k2", ids[0], 10)] == ids[1:]
    assert store.count_wrapped_by_others("k2") == 2


def test_every_name_of_the_setting_makes_a_store(settings):
    for name in STORES:
        settings.SESSION_STORE = name
        assert get_store() is get_store()


def test_a_data_key_is_rewrapped_if_it_is_still_the_same(store, clock):
    record = made_record(clock)
    store.create(record)
    store.load(record.id)  # a cache knows it now
    was, then = WrappedKey("k1", record.wrapped_key), WrappedKey("k2", b"rewrapped")
    assert store.rewrap(record.id, was, then)
    found = store.load(record.id)
    assert (found.key_id, found.wrapped_key, found.metadata) == ("k2", b"rewrapped", record.metadata)
    assert found.revision > record.revision
    assert not store.rewrap(record.id, was, WrappedKey("k3", b"too late"))
    assert not store.rewrap(uuid4(), was, then)
    assert store.load(record.id).key_id == "k2"


@pytest.mark.parametrize("store", [DatabaseStore, CachedDatabaseStore], indirect=True)
def test_a_session_that_lost_its_data_key_is_there_and_opens_nothing(store, clock):
    record = made_record(clock)
    store.create(record)
    DataKey.objects.all().delete()
    for found in (store.load(record.id, fresh=True), store.of_visitor("anon:me")[0]):
        assert (found.key_id, found.wrapped_key) == ("", b"")
        with pytest.raises(RecordUnreadable):
            sealer_of(found)
    assert store.change(record.id, {"turns": More(1)}, Condition()).turns == 1
    assert store.count_wrapped_by_others("k1") == 0, "rotating does not wait for it"
    assert store.delete([record.id]).sessions == 1


@pytest.mark.parametrize("store", [DatabaseStore, CachedDatabaseStore], indirect=True)
def test_what_was_removed_and_comes_back_is_found(store, clock):
    record, other = made_record(clock), made_record(clock)
    for made in (record, other):
        store.create(made)
    store.delete([record.id])
    assert store.erased_again(10) == []
    store.create(record)  # as a restored backup does
    assert store.erased_again(10) == [record.id]
    assert store.delete([record.id]).sessions == 1
    assert store.erased_again(10) == []
