"""The cache spares reads and decides nothing: it may be away, slow, late, or filled by another version."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from redis.exceptions import ConnectionError as RedisAway

from sessions_app import shared_cache
from sessions_app.stores import cached_db
from sessions_app.stores.base import Condition
from sessions_app.stores.cached_db import CachedDatabaseStore
from sessions_app.stores.db import DatabaseStore
from sessions_app.stores.records import RECORD_FIELDS, Record
from tests.characters.factory import make_character
from tests.sessions_app.test_stores import made_record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store() -> CachedDatabaseStore:
    make_character()
    return CachedDatabaseStore()


@pytest.fixture
def record(store, clock) -> Record:
    made = made_record(clock)
    store.create(made)
    return made


class Away:
    """A cache that is away, until `away` is False; then it is the one it stands for."""

    def __init__(self, real: Any):
        self._real = real
        self.away = True
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        def method(*args: Any, **kwargs: Any) -> Any:
            self.asked += 1
            if self.away:
                raise RedisAway("Error 111 connecting to 127.0.0.1:1. Connection refused.")
            return real(*args, **kwargs)

        return method


@pytest.fixture
def away(monkeypatch) -> Away:
    stand_in = Away(cache)
    monkeypatch.setattr(shared_cache, "shared", lambda: stand_in)
    monkeypatch.setattr(shared_cache.breaker, "_rest_secs", 0.0)
    yield stand_in
    shared_cache.breaker.answered()


def test_no_database_is_read_twice(store, record, django_assert_num_queries):
    with django_assert_num_queries(1):
        first = store.load(record.id)
    with django_assert_num_queries(0):
        assert store.load(record.id) == first
    store.change(record.id, {"state": "active"}, Condition())
    with django_assert_num_queries(0):
        assert store.load(record.id).state == "active"
    with django_assert_num_queries(1):
        assert store.load(record.id, fresh=True).state == "active"
    cache.clear()
    assert store.load(record.id).state == "active"


def test_of_two_changes_the_later_one_stays_whichever_comes_to_the_cache_first(store, record, monkeypatch):
    """A connection goes and its visitor comes back in the same moment, perhaps in another process."""
    slow: list = []
    keep = store._keep
    monkeypatch.setattr(store, "_keep", slow.append)
    store.change(record.id, {"state": "idle"}, Condition())  # on its way to the cache
    monkeypatch.setattr(store, "_keep", keep)
    store.change(record.id, {"token_hash": "new"}, Condition())
    keep(slow[0])
    found = store.load(record.id)
    assert (found.token_hash, found.state) == ("new", "idle")


def test_what_was_erased_does_not_come_back_by_a_slow_reader(store, record, monkeypatch):
    read = DatabaseStore.load(store, record.id)

    def erased_meanwhile(*_: Any, **__: Any) -> Any:
        store.delete([record.id])
        return read

    monkeypatch.setattr(DatabaseStore, "load", erased_meanwhile)
    store.load(record.id)
    monkeypatch.undo()
    assert store.load(record.id) is None


def test_what_was_erased_does_not_come_back_by_a_slow_writer(store, record, monkeypatch):
    """Its UPDATE was before the DELETE; it comes to the cache after it."""
    slow: list = []
    keep = store._keep
    monkeypatch.setattr(store, "_keep", slow.append)
    store.change(record.id, {"state": "idle"}, Condition())
    store.delete([record.id])
    keep(slow[0])
    assert store.load(record.id) is None
    assert str(record.wrapped_key) not in str(cache.get(cached_db._key(record.id)))


def test_a_writer_that_was_stopped_for_long_puts_nothing_into_the_cache(store, record, monkeypatch):
    moments = iter([0.0, cached_db.LATE_SECS + 1])
    monkeypatch.setattr(cached_db.time, "monotonic", lambda: next(moments))
    store.change(record.id, {"state": "idle"}, Condition())
    monkeypatch.undo()
    assert cache.get(cached_db._key(record.id)) == cached_db.TAKEN
    assert store.load(record.id).state == "idle"


def test_with_its_cache_away_everything_works_and_is_right_when_it_is_back(store, record, away):
    assert store.load(record.id) == record
    away.away = False
    store.load(record.id)  # it has the record now
    away.away = True
    changed = store.change(record.id, {"state": "active"}, Condition())
    assert changed.state == "active", "done, and said to be done"
    away.away = False
    assert store.load(record.id).state == "active", "not what the cache still had"
    away.away = True
    store.delete([record.id])
    away.away = False
    assert store.load(record.id) is None


def test_a_cache_that_is_away_is_not_asked_by_everybody_and_is_told_of_once(
    store, record, away, monkeypatch, caplog
):
    monkeypatch.setattr(shared_cache.breaker, "_rest_secs", 60.0)
    for _ in range(20):
        store.load(record.id)
    assert away.asked == 1
    assert [r.levelname for r in caplog.records if "Redis" in r.getMessage()] == ["ERROR"]


def test_nothing_uncommitted_is_cached(store, record):
    store.load(record.id)
    with transaction.atomic():
        store.change(record.id, {"state": "ended"}, Condition())
        assert store.load(record.id).state == "ended", "seen from within"
        transaction.set_rollback(True)
    assert store.load(record.id).state == "created"


def test_an_entry_of_another_version_is_read_or_ignored(store, record):
    newer = json.loads(shared_cache.packed(record)) | {"a_field_of_tomorrow": 1}
    cache.set(cached_db._key(record.id), json.dumps(newer))
    assert store.load(record.id) == record
    older = {name: value for name, value in newer.items() if name not in ("token_hash", "settled")}
    for entry in (json.dumps(older), "no JSON", "[]", 5, {"id": "x"}):
        cache.set(cached_db._key(record.id), entry)
        assert store.load(record.id) == record
        assert store.change(record.id, {"client_version": "2"}, Condition()) is not None
        cache.delete(cached_db._key(record.id))
        record = store.load(record.id)


def test_what_is_cached_is_json_and_comes_back_whole(record):
    full = replace(record, ended_at=record.created_at + timedelta(seconds=1), connection=uuid4())
    text = shared_cache.packed(full)
    assert json.loads(text)
    assert shared_cache.unpacked(Record, text, RECORD_FIELDS) == full
