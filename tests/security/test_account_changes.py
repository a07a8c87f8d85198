"""An account that is reset, disabled or no longer staff keeps no conversation, token or login (L9)."""

import json
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.exceptions import SessionEnded, SessionError
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.signals import sessions_over
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db
PASSWORD = "a-right-Password-7"


@pytest.fixture
def robin() -> User:
    make_character()
    return User.objects.create_superuser("robin", password=PASSWORD)


@pytest.fixture
def over():
    """The sessions of which live connections are told that they are over."""
    told: list = []

    def hear(session_ids, **_):
        told.extend(session_ids)

    sessions_over.connect(hear)
    yield told
    sessions_over.disconnect(hear)


def reset_by_form(user: User, client: Client) -> None:
    said = {"usable_password": "true", "password1": "Another-Password-8", "password2": "Another-Password-8"}
    assert client.post(f"/admin/auth/user/{user.pk}/password/", said).status_code == 302


def set_password(user: User, _client: Client) -> None:
    user.set_password("Another-Password-8")
    user.save(update_fields=["password"])


def set_hash(user: User, _client: Client) -> None:
    user.password = make_password("Another-Password-8")
    user.save()


def disable(user: User, _client: Client) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])


def demote(user: User, _client: Client) -> None:
    user.is_staff = user.is_superuser = False
    user.save()


@pytest.mark.parametrize(
    "change", [reset_by_form, set_password, set_hash, disable, demote, lambda u, c: u.delete()]
)
def test_conversations_tokens_and_logins_end(robin, admin_client, over, change):
    manager = SyncSessionManager()
    open_one = manager.create(character="marlow", visitor=f"user:{robin.pk}")
    connected = manager.create(character="marlow", visitor=f"user:{robin.pk}")
    manager.open(connected.id, connected.token, uuid4())
    somebodys = manager.create(character="marlow", visitor="user:999999")
    theirs = Client()
    theirs.force_login(robin)
    assert theirs.get("/admin/").status_code == 200
    change(robin, admin_client)
    assert set(VoiceSession.objects.filter(state="ended").values_list("pk", flat=True)) == {
        open_one.id,
        connected.id,
    }
    assert connected.id in over
    with pytest.raises(SessionError):
        manager.open(open_one.id, open_one.token, uuid4())
    assert VoiceSession.objects.get(pk=somebodys.id).state == "created"
    assert theirs.get("/admin/").status_code == 302


@pytest.mark.parametrize("right", ["is_active", "is_staff"])
def test_a_login_does_not_come_back_with_the_account(robin, right):
    theirs = Client()
    theirs.force_login(robin)
    for value in (False, True):
        setattr(robin, right, value)
        if right == "is_staff":
            robin.is_superuser = value
        robin.save()
    assert theirs.get("/admin/").status_code == 302
    theirs.force_login(robin)
    assert theirs.get("/admin/").status_code == 200, "a new one counts"


def test_signing_in_and_a_newer_hash_of_the_same_password_end_nothing(robin, settings):
    kept = SyncSessionManager().create(character="marlow", visitor=f"user:{robin.pk}")
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",  # which made robin's
    ]
    answer = Client().post("/admin/login/", {"username": "robin", "password": PASSWORD})
    assert answer.status_code == 302
    assert User.objects.get().password.startswith("scrypt")
    robin.refresh_from_db()
    robin.first_name = "Robin"
    robin.save()
    assert VoiceSession.objects.get(pk=kept.id).state == "created"


@pytest.mark.django_db(transaction=True)
def test_who_was_demoted_begins_no_draft_with_the_old_login(robin):
    theirs = Client()
    theirs.force_login(robin)
    demote(robin, theirs)
    body = json.dumps({"body": {"character": "marlow", "draft": True}})
    assert theirs.post("/api/start", body, content_type="application/json").status_code == 403


def disable_in_bulk(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def delete_in_bulk(user: User) -> None:
    User.objects.filter(pk=user.pk)._raw_delete("default")


TOUCHES = {
    "a sign of life": lambda manager, made, by: manager.touch(made.id, by),
    "another connection": lambda manager, made, by: manager.open(made.id, made.token, uuid4()),
    "coming back": lambda manager, made, by: manager.resume(made.id, made.visitor),
}


@pytest.mark.parametrize("change", [disable_in_bulk, delete_in_bulk])
@pytest.mark.parametrize("touch", TOUCHES)
def test_what_sends_no_signal_ends_them_at_the_next_touch(robin, over, change, touch):
    manager, connection = SyncSessionManager(), uuid4()
    made = manager.create(character="marlow", visitor=f"user:{robin.pk}")
    manager.open(made.id, made.token, connection)
    change(robin)
    with pytest.raises(SessionEnded):
        TOUCHES[touch](manager, made, connection)
    row = VoiceSession.objects.get(pk=made.id)
    assert (row.state, row.end_reason, row.token_hash) == ("ended", "account disabled", "")
    assert over == [made.id]


def test_a_draft_is_for_staff_at_each_touch(robin):
    manager, connection = SyncSessionManager(), uuid4()
    made = manager.create(character="marlow", visitor=f"user:{robin.pk}", draft=True)
    manager.open(made.id, made.token, connection)
    User.objects.filter(pk=robin.pk).update(is_staff=False)
    with pytest.raises(SessionEnded):
        manager.touch(made.id, connection)
