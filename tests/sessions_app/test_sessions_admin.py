"""Sessions in the admin: listed for moderators, read only with permission and on the record."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission

from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.sessions_app.factory import spoken_session

pytestmark = pytest.mark.django_db

LIST = "/admin/sessions_app/voicesession/"


@pytest.fixture
def session():
    return spoken_session()


def test_sessions_are_listed_with_state_turns_and_expiry_and_without_words(admin_client, session):
    page = admin_client.get(LIST + "?state=created&character=marlow").content.decode()
    assert str(session.id)[:8] in page
    assert "zanzibarquince" not in page
    detail = admin_client.get(f"{LIST}{session.id}/change/").content.decode()
    assert "Read what was said" in detail
    assert "zanzibarquince" not in detail


def test_conversations_have_names_and_no_hashes(admin_client, django_user_model):
    anna = django_user_model.objects.create_user("anna")
    make_character()
    manager = SyncSessionManager()
    for visitor in (f"user:{anna.pk}", "anon:0123456789abcdef", "user:999999"):
        manager.create(character="marlow", visitor=visitor)
    session = VoiceSession.objects.get(visitor=f"user:{anna.pk}")
    page = admin_client.get(LIST)
    rows = page.content.decode()
    for name in (
        "anna",
        "Guest 012345",
        "a former account",
        f"Captain Marlow, {session.created_at.day} {session.created_at:%b %Y}",
    ):
        assert name in rows, name
    assert "0123456789abcdef" not in rows
    assert "Voice session" not in rows
    found = admin_client.get(f"{LIST}?q=ann").content.decode()
    assert str(session.pk) in found
    assert "Guest" not in found
    transcript = admin_client.get(f"{LIST}{session.pk}/transcript/").content.decode()
    assert "anna is the visitor" in transcript
    assert f"Captain Marlow, {session.created_at.day} {session.created_at:%b %Y}" in transcript


def test_reading_a_transcript_needs_permission_and_leaves_an_entry(client, session, django_user_model):
    user = django_user_model.objects.create_user("mod", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_voicesession"))
    client.force_login(user)
    url = f"{LIST}{session.id}/transcript/"
    assert client.get(url).status_code == 403
    assert not LogEntry.objects.exists()
    user.user_permissions.add(Permission.objects.get(codename="read_transcript"))
    answer = client.get(url)
    assert "zanzibarquince" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (user, str(session.id))
    assert "zanzibarquince" not in str(entry)


@pytest.mark.parametrize(
    ("action", "state"), [("end_sessions", "ended"), ("extend_sessions", "created"), ("erase_sessions", None)]
)
def test_actions_end_extend_and_erase(admin_client, session, action, state):
    before = VoiceSession.objects.get().expires_at
    admin_client.post(LIST, {"action": action, "_selected_action": [str(session.id)]})
    after = VoiceSession.objects.first()
    assert (after.state if after else None) == state
    if action == "extend_sessions":
        assert (after.expires_at - before).days == 1


def test_a_viewer_may_not_act(client, session, django_user_model):
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_voicesession"))
    client.force_login(user)
    for action in ("end_sessions", "erase_sessions"):
        client.post(LIST, {"action": action, "_selected_action": [str(session.id)]})
    assert VoiceSession.objects.get().state == "created"


def test_disabling_or_deleting_an_account_ends_its_sessions_at_once(django_user_model):
    make_character()
    manager = SyncSessionManager()
    user = django_user_model.objects.create_user("robin")
    first = manager.create(character="marlow", visitor=f"user:{user.pk}")
    user.is_active = False
    user.save()
    assert VoiceSession.objects.get(pk=first.id).state == "ended"
    second = manager.create(character="marlow", visitor=f"user:{user.pk}")
    user.delete()
    assert VoiceSession.objects.get(pk=second.id).state == "ended"


def test_all_of_a_visitor_end_at_once_and_each_leaves_an_entry(admin_client, session):
    manager = SyncSessionManager()
    other = manager.create(character="marlow", visitor="anon:me")
    somebody = manager.create(character="marlow", visitor="anon:you")
    admin_client.post(LIST, {"action": "end_visitors", "_selected_action": [str(session.id)]})
    states = dict(VoiceSession.objects.values_list("pk", "state"))
    assert (states[session.id], states[other.id], states[somebody.id]) == ("ended", "ended", "created")
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(session.id), str(other.id)}


def test_erasing_leaves_an_entry_without_the_row(admin_client, session):
    admin_client.post(LIST, {"action": "erase_sessions", "_selected_action": [str(session.id)]})
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(session.id), "Erased.")
