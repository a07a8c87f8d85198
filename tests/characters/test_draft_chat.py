"""The draft answers in writing beside its form; its voices and greetings can be chosen."""

import json

import pytest

from characters.models import Character
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.characters.test_admin import WRITTEN
from tests.characters.test_desk import DESK, PLAYERS, staff  # noqa: F401  (a fixture)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]
TYPED = {**WRITTEN, **PLAYERS}


def written(client, *turns: str, **typed: str):
    roles = ("user", "assistant")
    said = [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]
    return client.post(f"{DESK}rehearse/chat/", {**TYPED, **typed, "_turns": json.dumps(said)})


@pytest.mark.django_db(transaction=True)  # what it takes is counted in a database thread
def test_the_draft_answers_in_writing_and_nothing_is_kept(admin_client):
    character = make_character()
    answer = written(
        admin_client, "Hello", "Ahoy", "Who are you?", _character=character.pk, name="Just Typed"
    )
    assert b"".join(answer).decode().strip() == "This is a short scripted reply for you ."
    assert "no-store" in answer["Cache-Control"]
    assert not VoiceSession.objects.exists()
    assert Character.objects.get().name == "Captain Marlow"


def test_what_cannot_be_answered_says_why(admin_client):
    for turns in ([], ["Hello", "Ahoy"]):
        answer = written(admin_client, *turns)
        assert (answer.status_code, answer.json()["error"]) == (400, "Write something first.")
    answer = written(admin_client, "Hello", llm_provider="openai")
    assert answer.status_code == 400
    assert "OPENAI_API_KEY" in answer.json()["error"]
    for broken in ("[", "{}", "[1]", '[{"role": "system", "content": "x"}]'):
        answer = admin_client.post(f"{DESK}rehearse/chat/", {**TYPED, "_turns": broken})
        assert answer.status_code == 400


def test_a_model_that_fails_ends_the_reply_with_a_sentence(admin_client, settings):
    settings.OPENAI = {
        stage: {**given, "api_key": "x", "base_url": "http://127.0.0.1:9"}
        for stage, given in settings.OPENAI.items()
    }
    answer = written(admin_client, "Hello", llm_provider="openai")
    last = b"".join(answer).decode().split("\n")[-1]
    assert "The model said nothing" in json.loads(last)["error"]


def test_voices_and_greetings_to_choose_from_are_those_of_the_form(admin_client):
    typed = {
        **TYPED,
        "tts_provider": "local",
        "greeting": "Hi {{user}}",
        "alternate_greetings": "One\n---\nTwo",
    }
    found = admin_client.post(f"{DESK}rehearse/choices/", typed).json()
    assert found["voices"][0] == ["heart", "heart · woman · American"]
    assert ["joe", "joe · man · American"] in found["voices"]
    assert not any(name.startswith("zf_") for name, _ in found["voices"]), "it speaks English"
    assert found["greetings"] == ["Hi Robin", "One", "Two"]
    both = admin_client.post(f"{DESK}rehearse/choices/", {**typed, "other_languages": ["zh"]}).json()
    told = [label for _, label in both["voices"]]
    chinese, english = "zf_xiaoni · woman · Chinese", "joe · man · American · English"
    assert told.index(chinese) > told.index(english), "its own language first"


def test_the_rehearsal_shows_the_greeting_that_is_chosen(admin_client):
    typed = {**TYPED, "greeting": "Hi", "alternate_greetings": "One\n---\nTwo"}
    for chosen, greeting in (("2", "Two"), ("", "Hi"), ("9" * 9, "Hi"), ("x", "Hi")):
        shown = admin_client.post(f"{DESK}rehearse/prompt/", {**typed, "_greeting": chosen}).json()
        assert (shown["greeting"], shown["greetings"]) == (greeting, 3), chosen


def test_only_who_writes_may_try(staff):  # noqa: F811
    client = staff("Moderator")
    for path in ("rehearse/chat/", "rehearse/choices/", "unsaved/"):
        assert client.post(DESK + path, TYPED).status_code == 403, path
    page = client.get(f"{DESK}{make_character().pk}/change/").content.decode()
    for label in (
        "Rehearsal",
        "Talk with the draft",
        "Write with the draft",
        "Publish…",
        "Duplicate",
        "Take off",
    ):
        assert label not in page, label
