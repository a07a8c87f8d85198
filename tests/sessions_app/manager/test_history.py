"""Session history: retention, erasure, and turns that are written and read by this part alone."""

from uuid import uuid4

import pytest

from sessions_app.exceptions import (
    SessionNotFound,
)
from sessions_app.manager import SessionHistory, SessionReader
from sessions_app.models import DataKey, Erasure, VoiceSession
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Turn
from sessions_app.signals import sessions_over
from sessions_app.stores.base import Removed

pytestmark = pytest.mark.django_db

VISITOR = "anon:me"


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


def test_erasing_takes_the_key_and_the_rows(manager, session):
    assert manager.erase(session.id).sessions == 1
    assert not VoiceSession.objects.exists()
    assert not DataKey.objects.exists()
    assert Erasure.objects.get().session_id == session.id


def test_the_sweeper_erases_again_what_a_backup_brought_back(manager, session):
    record = manager.store.load(session.id)
    manager.erase(session.id)
    manager.store.create(record)  # as a restored backup does
    assert manager.purge()["removed"] == 1
    assert not VoiceSession.objects.exists()


def test_a_session_that_nobody_ever_opened_is_gone_within_the_hour(manager, session, clock):
    opened = manager.create(character="marlow", visitor=VISITOR)
    manager.open(opened.id, opened.token, uuid4())
    clock.forward(minutes=29)
    assert manager.purge()["removed"] == 0
    clock.forward(minutes=1)
    assert manager.purge() == {"expired": 0, "removed": 1, "turns": 0}
    assert list(VoiceSession.objects.values_list("pk", flat=True)) == [opened.id]


def test_only_connections_that_are_there_are_told_that_their_session_is_over(manager, clock, settings):
    settings.SESSION_TTL = 100
    told: list = []

    def hear(session_ids, **_):
        told.extend(session_ids)

    connected, left = (manager.create(character="marlow", visitor=VISITOR) for _ in range(2))
    for session in (connected, left):
        here = uuid4()
        manager.open(session.id, session.token, here)
        if session is left:
            manager.disconnect(session.id, here)
    sessions_over.connect(hear)
    try:
        clock.forward(seconds=101)
        assert manager.purge()["expired"] == 2
    finally:
        sessions_over.disconnect(hear)
    assert told == [connected.id]


def test_it_writes_reads_and_forgets_without_a_manager(memory, record, clock):
    history = SessionHistory(SessionReader(memory, clock))
    said = [Turn(number, "user", f"turn {number}", False, clock()) for number in (1, 2, 3)]
    history.append(record.id, said)
    assert history.turns(record.id, after=1) == said[1:]
    assert history.keep_summary(record.id, Coverage(2), "greetings")
    past = history.past(record.id, newest=9)
    assert (past.summary, past.turns) == ("greetings", said[2:])
    assert history.erase(record.id) == Removed(sessions=1, turns=3, summaries=1)
    with pytest.raises(SessionNotFound):
        history.turns(record.id)
