"""What staff do and who is refused leaves a line, without a password, token, origin or word (L7)."""

import io
import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from sessions_app.exceptions import OriginRefused, ServerFull, TokenInvalid
from sessions_app.manager import SyncSessionManager
from sessions_app.models import ApiKey
from sessions_app.session.turn import Turn
from tests.characters.factory import make_character
from tests.security.conftest import PASSWORD
from voicebot.ops.refusals import TELL_SECS, Refusals

pytestmark = pytest.mark.django_db
SESSIONS = "/admin/sessions_app/voicesession/"
KEYS = "/admin/sessions_app/apikey/"


def test_signing_in_and_out_and_failing(client, trail):
    user = User.objects.create_superuser("boss", password=PASSWORD)
    for password in ("zanzibarquince", PASSWORD):
        client.post("/admin/login/", {"username": "boss", "password": password}, REMOTE_ADDR="192.0.2.7")
    client.post("/admin/login/", {"username": "zanzibarquince", "password": "x"}, REMOTE_ADDR="192.0.2.7")
    client.post("/admin/logout/", REMOTE_ADDR="192.0.2.7")
    failed, signed_in, mistyped, out = trail()
    assert failed.startswith("sign_in_failed address=192.0.2.7 name=")
    assert signed_in == f"signed_in account={user.pk} address=192.0.2.7"
    assert "sign_in_failed" in mistyped
    assert out == f"signed_out account={user.pk} address=192.0.2.7"
    assert "zanzibarquince" not in "".join(trail()), "what is typed as a name may be a password"


def test_keys_characters_transcripts_and_erasure(client, boss, trail):
    character = make_character()
    manager = SyncSessionManager()
    session = manager.create(character="marlow", visitor="anon:me")
    manager.append(session.id, [Turn(1, "user", "zanzibarquince", True, timezone.now())])
    client.post(KEYS + "add/", {"name": "ours", "origins": ""})
    key = ApiKey.objects.get()
    client.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    desk = "/admin/characters/character/"
    client.post(f"{desk}{character.pk}/withdraw/")
    client.post(desk, {"action": "publish_selected", "_selected_action": [character.pk]})
    client.post(desk, {"action": "withdraw_selected", "sure": "1", "_selected_action": [character.pk]})
    client.get(f"{SESSIONS}{session.id}/transcript/")
    client.post(SESSIONS, {"action": "erase_sessions", "_selected_action": [str(session.id)]})
    entries = LogEntry.objects.order_by("pk")
    acts = [(entry.object_id, entry.get_change_message()) for entry in entries]
    assert acts == [
        (str(key.pk), "Added."),
        (str(key.pk), "Revoked."),
        (str(character.pk), "Withdrawn."),
        (str(character.pk), acts[3][1]),
        (str(character.pk), "Withdrawn."),
        (str(session.id), "Read the transcript."),
        (str(session.id), "Erased."),
    ]
    assert acts[3][1].startswith("Published version")
    lines = [line for line in trail() if " what=" in line]
    assert len(lines) == len(acts)
    for line, (row, did) in zip(lines, acts, strict=True):
        assert f"did={did}" in line or did == "Added."
        assert f"account={boss.pk}" in line
        assert f"id={row}" in line
    assert not [line for line in lines if "zanzibarquince" in line or key.shown in line]


@pytest.mark.django_db(transaction=True)
def test_a_visitors_own_erasures(client, trail):
    make_character()
    user = User.objects.create_user("zanzibarquince", password=PASSWORD)
    client.force_login(user)
    manager = SyncSessionManager()
    made = [manager.create(character="marlow", visitor=f"user:{user.pk}") for _ in range(3)]
    manager.append(made[0].id, [Turn(1, "user", "zanzibarquince", True, timezone.now())])
    known = {"REMOTE_ADDR": "192.0.2.7"}
    for path in (f"/api/sessions/{made[0].id}", "/api/sessions", f"/api/sessions/{made[1].id}"):
        client.delete(path, **known)
    erased = f"erased account={user.pk} address=192.0.2.7 by=visitor"
    assert [line for line in trail() if line.startswith("erased")] == [
        f"{erased} id={made[0].id} sessions=1 turns=1",
        f"{erased} sessions=2 turns=0",
    ], "nothing was erased the third time"


@pytest.mark.parametrize(
    ("name", "account"), [("user:7", "account=7 "), ("7", "account=7 "), ("anon:me", "")]
)
def test_erasure_by_command(trail, name, account):
    make_character()
    SyncSessionManager().create(character="marlow", visitor="user:7" if account else name)
    call_command("erase_visitor", name, stdout=io.StringIO())
    assert trail() == [f"erased {account}by=command sessions=1 turns=0"]


@pytest.mark.django_db(transaction=True)
def test_refused_keys_and_origins_at_the_api(client, trail, monkeypatch):
    from voicebot import runtime

    monkeypatch.setattr(runtime.default(), "refusals", Refusals())
    body = json.dumps({"body": {"character": "marlow"}})
    key = {"authorization": "Bearer gr_zanzibarquince"}
    evil = {"origin": "https://evil.example"}
    for headers in (key, evil, evil, evil):
        client.post("/api/start", body, content_type="application/json", headers=headers)
    assert trail() == ["refused at=api code=bad_key count=1", "refused at=api code=origin_refused count=1"]


def test_a_wave_of_refusals_is_a_line_a_minute_with_their_number(trail):
    time = [0.0]
    refusals = Refusals(clock=lambda: time[0])
    for _ in range(1000):
        refusals.note("socket", TokenInvalid())
    refusals.note("socket", OriginRefused())
    refusals.note("socket", ServerFull())
    time[0] += TELL_SECS
    refusals.tell()
    refusals.tell()
    assert trail() == [
        "refused at=socket code=bad_token count=1",
        "refused at=socket code=origin_refused count=1",
        "refused at=socket code=bad_token count=999",
    ]
