"""The editor's desk, asked as the page asks it: prompt, lore, voice, import, versions, and who may."""

import io
import json
import wave

import numpy as np
import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile

from characters.models import Character
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.characters.test_admin import WRITTEN
from tests.characters.test_cards import V3, as_json, as_png

pytestmark = pytest.mark.django_db
DESK = "/admin/characters/character/"
PLAYERS = {f"{stage}_provider": "scripted" for stage in ("stt", "llm", "tts")}


@pytest.fixture
def staff(client, django_user_model):
    """Signs a member of a role in; `staff("Editor")` is the client."""

    def sign_in(role: str):
        user = django_user_model.objects.create_user(role.lower(), is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return sign_in


def address(path: str, character: Character) -> str:
    return path if path.startswith("/") else DESK + path.format(pk=character.pk)


def entry_fields(entry: dict) -> dict[str, str]:
    """An entry that is open in the editor and was not saved yet."""
    plain = {"insertion_order": "100", "enabled": "on", **entry}
    return {"_entry": "new", **{f"_entry-{name}": value for name, value in plain.items()}}


def test_the_prompt_is_that_of_the_form_as_it_is_typed(admin_client):
    character = make_character()
    typed = {**WRITTEN, **PLAYERS, "_character": character.pk, "name": "Marlow", "description": "Just typed."}
    typed |= entry_fields({"keys": "kraken\nsquid", "content": "It sleeps."})
    typed |= {"_talk": "Tell me of the kraken", "greeting": "Ahoy {{user}}"}
    shown = admin_client.post(f"{DESK}rehearse/prompt/", typed).json()
    assert "Just typed." in shown["messages"][0]["content"]
    assert "It sleeps." in shown["messages"][0]["content"]
    assert shown["messages"][-1] == {"role": "user", "content": "Tell me of the kraken"}
    assert shown["greeting"] == "Ahoy Robin"
    assert 0 < shown["tokens"] < shown["limit"]
    assert shown["exact"] is False
    assert Character.objects.get().name == "Captain Marlow", "nothing was saved"


def test_a_character_that_is_not_saved_yet_has_a_prompt_too(admin_client):
    shown = admin_client.post(
        f"{DESK}rehearse/prompt/", {**WRITTEN, **PLAYERS, "system_prompt": "You are new."}
    )
    assert shown.json()["messages"][0]["content"].startswith("You are new.")


def test_the_lore_tester_says_what_fires_and_why(admin_client):
    character = make_character(lore=[{"name": "Kraken", "keys": ["kraken"], "content": "It sleeps."}])
    typed = {"_character": character.pk, "_talk": "Visitor: a ship!\nCharacter: Where?\nVisitor: there"}
    typed |= entry_fields({"name": "Ship", "keys": "ship", "content": "@@nonsense\nShe leaks."})
    found = admin_client.post(f"{DESK}rehearse/prompt/", typed).json()["lore"]
    kraken, ship = found["entries"]
    assert (ship["fired"], ship["why"], ship["content"]) == (
        True,
        "“ship” in the last 6 messages",
        "She leaks.",
    )
    assert ship["ignored"] == ["nonsense"]
    assert (kraken["fired"], kraken["why"]) == (False, "none of its keys is in the last 6 messages")
    assert found["milliseconds"] < 100


def test_a_rehearsal_sends_what_changed_and_the_rest_is_as_it_is_stored(admin_client):
    character = make_character(
        description="Stored.",
        lore=[
            {"name": "Ship", "keys": ["ship"], "content": "She leaks."},
            {"name": "Quay", "keys": ["quay"], "content": "It is wet."},
        ],
        picks_up=True,
    )
    ship = character.lore.first()

    def rehearse(**typed):
        said = {"_character": character.pk, "_talk": "ship, quay", **typed}
        return admin_client.post(f"{DESK}rehearse/prompt/", said).json()

    def told(shown):
        return [entry["content"] for entry in shown["lore"]["entries"] if entry["fired"]]

    assert told(rehearse()) == ["She leaks.", "It is wet."]
    assert "Stored." in rehearse(_changed="picks_up")["messages"][0]["content"]
    assert "Stored." not in rehearse(_changed="description", description="")["messages"][0]["content"]
    assert rehearse(lore_token_budget="3", _changed="lore_token_budget")["lore"]["budget"] == 3
    open_entry = {
        "_entry": ship.pk,
        "_entry-keys": "ship",
        "_entry-content": "She sails.",
        "_entry-enabled": "on",
    }
    assert told(rehearse(**open_entry)) == ["She sails.", "It is wet."]
    assert told(rehearse(**open_entry, **{"_entry-insertion_order": "no number"})) == [
        "She sails.",
        "It is wet.",
    ]
    assert told(rehearse()) == ["She leaks.", "It is wet."], "nothing was saved"
    ship.content = "She sinks."
    ship.save()
    publishing.changed_draft(character)
    assert told(rehearse()) == ["She sinks.", "It is wet."], "what is saved is known at once"


@pytest.mark.django_db(transaction=True)  # what it takes is counted in a database thread
def test_a_voice_is_heard_before_anything_is_saved(admin_client):
    answer = admin_client.post(f"{DESK}rehearse/voice/", {**WRITTEN, **PLAYERS, "voice_pitch": "0"})
    assert answer["Content-Type"] == "audio/wav", answer.content
    with wave.open(io.BytesIO(answer.content)) as heard:
        samples = np.frombuffer(heard.readframes(heard.getnframes()), dtype=np.int16)
        assert heard.getframerate() == 24_000
    assert np.abs(samples).max() > 5000


def test_a_voice_that_cannot_be_heard_says_why(admin_client):
    typed = {**WRITTEN, **PLAYERS, "tts_provider": "local", "voice": "caruso"}
    answer = admin_client.post(f"{DESK}rehearse/voice/", typed)
    assert answer.status_code == 400
    assert "has no voice" in answer.json()["error"]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"tts_provider": "local", "voice": "caruso"}, "voice", "has no voice"),
        ({"llm_provider": "local", "llm_model": "gpt-9"}, "llm_model", "one model"),
        ({"tts_provider": "openai"}, "tts_provider", "OPENAI_API_KEY"),
        ({"llm_provider": "no.such.Service"}, "llm_provider", "There is no provider"),
        (
            {"stt_provider": "pipecat.services.openai.llm.OpenAILLMService"},
            "stt_provider",
            "There is no provider",
        ),
        ({"llm_provider": "nobody"}, "llm_provider", "There is no provider"),
    ],
)
def test_what_a_provider_cannot_do_is_refused_when_saving(admin_client, fields, field, sentence):
    typed = {**WRITTEN, **PLAYERS, "voice_pitch": "0", **fields}
    answer = admin_client.post(f"{DESK}add/", typed)
    assert sentence in str(answer.context["adminform"].form.errors[field])
    assert not Character.objects.exists()


def test_cards_are_dropped_with_a_report_for_each(admin_client):
    files = [
        SimpleUploadedFile("ada.png", as_png(ccv3=V3)),
        SimpleUploadedFile("bad.json", b"{"),
        SimpleUploadedFile("ada.json", as_json(V3)),
    ]
    report = admin_client.post(f"{DESK}import/", {"cards": files}).json()["cards"]
    assert [entry.get("error", entry.get("name")) for entry in report] == [
        "Ada",
        "The card's text is not JSON.",
        None,
    ]
    assert report[2]["question"]["characters"][0]["address"] == "ada", "one of that name is there by now"
    assert Character.objects.count() == 1
    page = admin_client.get(report[0]["url"])
    assert page.status_code == 200


def test_a_card_goes_out_as_a_file(admin_client):
    character = make_character()
    answer = admin_client.get(f"{DESK}{character.pk}/export/?format=v3-json&private=0")
    assert answer["Content-Disposition"] == 'attachment; filename="marlow.json"'
    assert json.loads(answer.content)["spec"] == "chara_card_v3"
    assert admin_client.get(f"{DESK}{character.pk}/export/?format=exe").status_code == 404


def test_versions_are_listed_compared_and_gone_back_to(admin_client):
    character = make_character()
    character.greeting = "Hello there."
    character.save()
    publishing.publish(character, note="Friendlier")
    versions = f"{DESK}{character.pk}/versions/"
    page = admin_client.get(versions).content.decode()
    assert "Friendlier" in page
    assert "Go back to 1" in page
    diff = admin_client.get(f"{versions}diff/?a=1&b=2").content.decode()
    assert "<ins>" in diff
    assert "<del>" in diff
    assert admin_client.get(f"{versions}diff/?a=1&b=99").status_code == 404
    assert admin_client.post(f"{versions}1/roll-back/").status_code == 302
    assert Character.objects.get().published.number == 3


def test_the_list_of_fifty_characters_takes_few_queries(admin_client, django_assert_max_num_queries):
    for number in range(50):
        make_character(slug=f"c{number}", lore=[{"keys": ["x"], "content": "y"}])
    with django_assert_max_num_queries(9):
        page = admin_client.get(DESK)
    assert page.content.decode().count("desk-initial") == 50


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (
            "Editor",
            ["add/", "{pk}/change/", "{pk}/publish/", "{pk}/versions/", "{pk}/export/"],
            ["/admin/sessions_app/voicesession/", "/admin/voicebot/providerprofile/add/", "{pk}/delete/"],
        ),
        (
            "Moderator",
            ["{pk}/versions/", "/admin/sessions_app/voicesession/"],
            ["add/", "{pk}/publish/", "/admin/voicebot/providerprofile/"],
        ),
        (
            "Operator",
            ["/admin/voicebot/providerprofile/add/", "/admin/sessions_app/voicesession/"],
            ["add/", "{pk}/publish/", "/admin/auth/user/"],
        ),
    ],
)
def test_each_role_may_what_it_is_for(staff, role, may, may_not):
    character = make_character()
    client = staff(role)
    for path in may:
        assert client.get(address(path, character)).status_code == 200, path
    for path in may_not:
        assert client.get(address(path, character)).status_code == 403, path


@pytest.mark.parametrize("path", ["rehearse/prompt/", "rehearse/voice/", "import/"])
def test_a_role_that_does_not_write_cannot_try_things_out_either(staff, path):
    assert staff("Moderator").post(DESK + path, WRITTEN).status_code == 403


def test_a_stranger_sees_nothing_of_the_desk(client):
    make_character(published=False)
    for path in ("", "rehearse/prompt/", "1/export/", "1/versions/", "import/"):
        assert client.post(DESK + path, {}).status_code in (302, 403), path
    assert client.get("/talk/marlow/?draft").status_code == 403
    answer = client.post(
        "/api/start", {"body": {"character": "marlow", "draft": True}}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_saving_without_a_change_changes_nothing(admin_client):
    """Browsers send CR LF; a publish must not be offered for that."""
    character = make_character(
        examples="{{user}}: a\n{{char}}: b",
        alternate_greetings=["One\ntwo", "Three"],
        tags=["a", "b"],
        lore=[{"keys": ["x", "y"], "content": "@@depth 1\nz", "priority": 2.0}],
    )
    change = f"{DESK}{character.pk}/change/"
    page = admin_client.get(change)
    typed = {}
    for field in page.context["adminform"].form:
        value = field.value()
        if value is not None and value is not False and value != "" and field.name != "avatar":
            several = isinstance(value, list)  # boxes to tick, each of which is sent by itself
            typed[field.html_name] = value if several else str(value).replace("\n", "\r\n")
    answer = admin_client.post(change, typed)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    character.refresh_from_db()
    assert character.digest == character.published.digest
