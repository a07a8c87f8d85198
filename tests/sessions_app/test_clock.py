"""Time is PostgreSQL's: no host's clock ends, keeps or reorders anything."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app import expiry
from sessions_app.database import clock as module
from sessions_app.database.clock import DatabaseClock
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Steady:
    def __init__(self) -> None:
        self.secs = 1000.0

    def __call__(self) -> float:
        return self.secs


def test_it_is_asked_seldom_and_carried_on_in_between():
    asked, steady = [], Steady()

    def ask() -> datetime:
        asked.append(True)
        return NOON + timedelta(seconds=steady.secs - 1000)

    told = DatabaseClock(ask, steady)
    assert told() == NOON
    steady.secs += 20
    assert told() == NOON + timedelta(seconds=20)
    assert len(asked) == 1
    steady.secs += 20
    assert told() == NOON + timedelta(seconds=40)
    assert len(asked) == 2


def test_half_of_the_way_there_and_back_is_taken_off():
    steady = Steady()

    def slow() -> datetime:
        steady.secs += 4
        return NOON

    told = DatabaseClock(slow, steady)
    told()
    assert told.carried() == NOON + timedelta(seconds=2)


def test_before_it_was_ever_asked_the_hosts_clock_has_to_do():
    def away() -> datetime:
        raise ConnectionError

    assert abs(DatabaseClock(away).carried() - timezone.now()) < timedelta(seconds=5)


@pytest.mark.django_db
def test_a_host_that_is_a_month_ahead_removes_nobodys_sessions(monkeypatch):
    make_character()
    manager = SyncSessionManager()
    session = manager.create(character="marlow", visitor="anon:me")
    ahead = timezone.now() + timedelta(days=40)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    monkeypatch.setattr(module.timezone, "now", lambda: ahead)
    assert expiry.sweep() == {"expired": 0, "removed": 0, "turns": 0}
    assert VoiceSession.objects.get().state == "created"
    told = SyncSessionManager(clock=DatabaseClock())
    assert told.get(session.id).id == session.id
    again = told.resume(session.id, "anon:me")
    row = VoiceSession.objects.get()
    assert row.token_until < ahead - timedelta(days=39), "a token of one host opens on every other"
    assert again.token


@pytest.mark.django_db
def test_it_tells_what_postgres_tells():
    assert abs(DatabaseClock()() - datetime.now(UTC)) < timedelta(seconds=60)
    assert DatabaseClock()().tzinfo is not None
