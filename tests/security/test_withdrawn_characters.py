"""A character that is withdrawn is on no stage: no pinned version brings it back (L3)."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from characters.models import Character
from characters.versions import publishing
from sessions_app.exceptions import CharacterUnknown, SessionEnded
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor() -> Client:
    make_character()
    return Client()


def post(visitor: Client, **body: object):
    return visitor.post("/api/start", json.dumps({"body": body}), content_type="application/json")


def begun(visitor: Client, **metadata: object) -> VoiceSession:
    assert post(visitor, character="marlow", metadata=metadata).status_code == 200
    return VoiceSession.objects.get()


def withdraw() -> None:
    publishing.withdraw(Character.objects.get(slug="marlow"))


def put_on_stage(**fields: object) -> None:
    Character.objects.filter(slug="marlow").update(**fields)
    publishing.publish(Character.objects.get(slug="marlow"))


def test_a_pinned_session_of_a_withdrawn_character_ends_at_the_resume(visitor):
    session = begun(visitor, pinVersion=True)
    withdraw()
    for _ in range(2):
        answer = post(visitor, session=str(session.pk))
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "session_ended")
    session.refresh_from_db()
    assert (session.state, session.end_reason, session.token_hash) == ("ended", "withdrawn", "")
    put_on_stage()
    assert post(visitor, session=str(session.pk)).status_code == 409, "nor with the character's return"


@pytest.mark.parametrize("connected_before", [False, True])
def test_nor_does_its_token_open_another_connection(visitor, connected_before):
    answer = post(visitor, character="marlow", metadata={"pinVersion": True}).json()
    session = VoiceSession.objects.get()
    if connected_before:
        SyncSessionManager().open(session.pk, answer["token"], uuid4())
    withdraw()
    with pytest.raises(SessionEnded) as ended:
        SyncSessionManager().open(session.pk, answer["token"], uuid4())
    assert ended.value.close_code == 4410
    session.refresh_from_db()
    assert (session.state, session.end_reason) == ("ended", "withdrawn")


def test_one_that_is_not_pinned_waits_for_the_character_and_is_told_why(visitor):
    session = begun(visitor)
    withdraw()
    answer = post(visitor, session=str(session.pk))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_character")
    put_on_stage()
    again = post(visitor, session=str(session.pk))
    assert again.status_code == 200
    withdraw()
    with pytest.raises(CharacterUnknown) as unknown:
        SyncSessionManager().open(session.pk, again.json()["token"], uuid4())
    assert unknown.value.close_code == 4404


def test_a_pinned_session_goes_on_where_only_another_version_is_on_stage(visitor):
    session = begun(visitor, pinVersion=True)
    put_on_stage(description="Somebody else entirely.")
    assert post(visitor, session=str(session.pk)).status_code == 200
    session.refresh_from_db()
    assert session.state == "created"
