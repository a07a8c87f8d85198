"""Tonight at a glance: numbers from rows that hold no words."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from prometheus_client import generate_latest

from sessions_app.admin import dashboard
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import VoiceSession
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character
from voicebot.ops import metrics

pytestmark = pytest.mark.django_db


def test_conversations_minutes_latency_and_errors_are_counted():
    make_character()
    manager = SyncSessionManager()
    for number in range(3):
        session = manager.create(character="marlow", visitor="anon:me", draft=number == 2)
        connection = uuid4()
        manager.open(session.id, session.token, connection)
        now = timezone.now()
        waits = [100 * (n + 1) for n in range(10)]
        turns = [Turn(n, "assistant", "x", False, now, "marlow@1", wait) for n, wait in enumerate(waits, 1)]
        manager.append(session.id, turns)
        if number:
            manager.disconnect(session.id, connection, secs=90, errors=2)
    found = dashboard.figures()
    assert found["active"] == 1
    assert found["conversations"][-1] == 2, "an editor's draft is no conversation"
    assert found["minutes"][-1] == 1.5
    assert found["errors"][-1] == 2
    assert (found["p50"][-1], found["p95"][-1]) == (550, 1000)
    assert found["p50"][0] is None
    assert len(found["days"]) == dashboard.DAYS


def test_what_is_older_than_two_weeks_is_not_counted():
    make_character()
    session = SyncSessionManager().create(character="marlow", visitor="anon:me")
    VoiceSession.objects.filter(pk=session.id).update(created_at=timezone.now() - timedelta(days=15))
    assert sum(dashboard.figures()["conversations"]) == 0


def test_what_is_remembered_is_counted_and_never_shown(admin_client):
    make_character()
    memories = SyncMemories()
    for visitor, agreed in (("anon:me", True), ("anon:you", True), ("anon:no", False)):
        memories.set_consent(visitor, "marlow", agreed)
    facts = [Finding("likes zanzibarquince", "taste"), Finding("is called Mirabelle", "name")]
    memories.add("anon:me", "marlow", facts, Bounds())
    found = dashboard.figures()
    assert (found["visitors_remembered"], found["memories"]) == (2, 2)
    page = admin_client.get("/admin/").content.decode()
    assert "Visitors remembered" in page
    assert "quince" not in page


def test_the_page_shows_them_to_who_may_see_sessions_only(admin_client, client, django_user_model):
    page = admin_client.get("/admin/").content.decode()
    assert "Conversations today" in page
    assert page.count('class="chart"') == 4
    writer = django_user_model.objects.create_user("writer", is_staff=True)
    client.force_login(writer)
    assert "Conversations today" not in client.get("/admin/").content.decode()


def test_an_editors_draft_counts_nowhere():
    make_character()
    manager = SyncSessionManager()
    session = manager.create(character="marlow", visitor="anon:me", draft=True)
    manager.open(session.id, session.token, uuid4())
    turn = Turn(1, "assistant", "x", False, timezone.now(), "marlow@1", 30_000)
    manager.append(session.id, [turn])
    VoiceSession.objects.update(connected_secs=600, errors=5)
    found = dashboard.figures()
    assert found["active"] == 0
    assert found["p50"][-1] is None
    assert [found[name][-1] for name in ("conversations", "minutes", "errors")] == [0, 0, 0]


@pytest.mark.parametrize("store", ["memory", "cache"])
def test_sessions_that_are_no_rows_are_not_counted_as_none(admin_client, settings, store):
    """A conversation that goes on and is nowhere to be seen is worse than a sentence that says why."""
    settings.SESSION_STORE = store
    make_character()
    SyncSessionManager().create(character="marlow", visitor="anon:me")
    page = admin_client.get("/admin/").content.decode()
    assert "Conversations today" not in page
    assert f"“{store}”" in page
    assert f"“{store}”" in admin_client.get("/admin/sessions_app/voicesession/").content.decode()
    metrics._count_sessions()
    assert "greenroom_sessions{" not in generate_latest().decode()
    settings.SESSION_STORE = "db"
    SyncSessionManager().create(character="marlow", visitor="anon:me")
    metrics._count_sessions()
    assert 'greenroom_sessions{state="created"} 1.0' in generate_latest().decode()
    assert "Conversations today" in admin_client.get("/admin/").content.decode()
