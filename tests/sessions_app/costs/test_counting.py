"""Usage counts once, whatever is written again, late, or by two; and outlives its session as a sum."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from sessions_app.costs import Meter
from sessions_app.manager import SyncSessionManager
from sessions_app.models import Usage
from sessions_app.session import Turn
from sessions_app.stores.cache import CacheStore
from sessions_app.stores.cached_db import CachedDatabaseStore
from sessions_app.stores.db import DatabaseStore
from sessions_app.stores.memory import MemoryStore
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


def sealed(manager, session, number: int, usage: str = ""):
    said = Turn(number, "assistant", "Ahoy.", False, datetime(2026, 3, 1, 12, tzinfo=UTC), "marlow@1")
    return replace(said.sealed(manager.sealer(session.id)), usage=usage)


def totals(**which) -> dict[str, int]:
    found = Usage.objects.filter(**which).aggregate(**{name: Sum(name) for name in Usage.AMOUNTS})
    return {name: amount for name, amount in found.items() if amount}


@pytest.fixture
def meter(clock):
    return Meter(uuid4(), character="marlow", clock=clock)


def test_a_turn_takes_usage_along_in_its_one_statement(manager, session, meter):
    with CaptureQueriesContext(connection) as without:
        manager.append_sealed(session.id, [sealed(manager, session, 1)])
    meter.add("llm", "openai", "gpt", calls=1, input_tokens=900, cached_tokens=100, output_tokens=30)
    meter.add("tts", "openai", "tts-1", calls=1, characters=44)
    with CaptureQueriesContext(connection) as along:
        manager.append_sealed(session.id, [sealed(manager, session, 2, meter.take_changed())])
    assert len(along) == len(without)
    row = Usage.objects.get(stage="llm")
    assert (row.session_id, row.day.isoformat(), row.character) == (session.id, "2026-03-01", "marlow")
    assert (row.input_tokens, row.cached_tokens, row.output_tokens, row.heard_ms) == (900, 100, 30, 0)


def test_what_is_written_again_or_out_of_order_counts_once(manager, session, meter):
    meter.add("llm", "openai", "gpt", calls=1, input_tokens=10)
    first = sealed(manager, session, 1, meter.take_changed())
    meter.add("llm", "openai", "gpt", calls=1, input_tokens=5)
    second = sealed(manager, session, 2, meter.take_changed())
    for turns in ([second], [first], [first, second], [second, first]):
        manager.append_sealed(session.id, turns)
    manager.count(session.id, first.usage)
    assert totals() == {"calls": 2, "input_tokens": 15}


def test_two_connections_of_a_session_count_each_their_own(manager, session, clock):
    for _ in range(2):
        meter = Meter(uuid4(), character="marlow", clock=clock)
        meter.add("stt", "local", "", calls=1, heard_ms=1500)
        manager.count(session.id, meter.take_changed())
    assert totals() == {"calls": 2, "heard_ms": 3000}


def test_an_erased_sessions_usage_is_a_sum_without_its_id(manager, clock):
    sessions = [manager.create(character="marlow", visitor="anon:me", api_key=7) for _ in range(3)]
    for session in sessions:
        meter = Meter(uuid4(), character="marlow", api_key=session.api_key, clock=clock)
        meter.add("llm", "openai", "gpt", calls=1, input_tokens=10)
        manager.count(session.id, meter.take_changed())
    manager.erase(sessions[0].id)
    manager.erase_visitor("anon:me")
    row = Usage.objects.get()
    assert (row.session_id, row.part, row.api_key) == (None, None, 7)
    assert (row.calls, row.input_tokens) == (3, 30)


def test_what_comes_after_an_erasure_names_no_session(manager, session, meter):
    manager.erase(session.id)
    meter.add("llm", "openai", "gpt", calls=1)
    manager.count(session.id, meter.take_changed())
    assert not Usage.objects.exists()


def test_the_desks_usage_is_added(clock):
    from sessions_app import costs

    for _ in range(2):
        meter = Meter(character="marlow", source="desk", clock=clock)
        meter.add("tts", "openai", "tts-1", calls=1, characters=20)
        costs.add(meter.take_changed())
    assert Usage.objects.get().characters == 40


@pytest.mark.parametrize("kind", [MemoryStore, CacheStore, DatabaseStore, CachedDatabaseStore])
def test_every_store_counts_and_forgets(kind, clock, meter):
    make_character()
    manager = SyncSessionManager(kind(), clock)
    session = manager.create(character="marlow", visitor="anon:me")
    meter.add("llm", "openai", "gpt", calls=1, input_tokens=10)
    turn = sealed(manager, session, 1, meter.take_changed())
    for _ in range(2):
        manager.append_sealed(session.id, [turn])
    assert totals(session_id=session.id) == {"calls": 1, "input_tokens": 10}
    assert [turn.usage for turn in manager.store.turns(session.id)] == [""]
    manager.erase(session.id)
    assert totals(session_id=None) == {"calls": 1, "input_tokens": 10}


def test_a_meter_tells_what_has_grown_and_all_of_it_when_it_comes_back(clock):
    meter = Meter(uuid4(), clock=clock)
    meter.add("llm", "a", "", calls=1)
    assert meter.take_changed()
    assert not meter.take_changed()
    meter.give_back()
    assert meter.take_changed()


def test_at_midnight_of_the_house_another_day_begins(settings, clock):
    settings.TIME_ZONE = "Asia/Shanghai"
    meter = Meter(uuid4(), clock=clock)
    clock.now = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)
    meter.add("llm", "a", "", calls=1)
    clock.now = datetime(2026, 3, 1, 16, 1, tzinfo=UTC)
    meter.add("llm", "a", "", calls=1)
    assert Counter(row["day"] for row in meter.rows()) == {"2026-03-01": 1, "2026-03-02": 1}


def test_sessions_erased_at_once_by_two_processes_sum_up(manager, clock):
    """Sums are met in one order: no two statements wait for each other."""
    from concurrent.futures import ThreadPoolExecutor

    sessions = [manager.create(character="marlow", visitor=f"anon:{n}") for n in range(40)]
    for session in sessions:
        meter = Meter(uuid4(), character="marlow", clock=clock)
        for provider in ("a", "b", "c"):
            meter.add("llm", provider, "", calls=1)
        manager.count(session.id, meter.take_changed())

    def erase(ids) -> None:
        try:
            manager.store.delete(ids)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(erase, [[s.id for s in sessions[at::4]] for at in range(4)]))
    assert totals() == {"calls": 120}
    assert Usage.objects.count() == 3
