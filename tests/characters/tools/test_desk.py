"""Tools at the desk: an editor adds one by a form, tries it out, and it goes into the next version."""

import json

import pytest
from django.urls import reverse

from characters import cards, catalog
from characters.models import Character
from characters.spec import CharacterSpec
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.characters.test_desk import DESK
from tests.characters.test_draft_chat import written
from tests.conftest import HAS_LOCAL
from tests.patience import PATIENCE_SECS
from voicebot.lore import LoreIndexes, indexes

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]


def page(character: Character, name: str = "") -> str:
    if not name:
        return reverse("admin:characters_character_tools", args=[character.pk])
    return reverse("admin:characters_character_tool", args=[character.pk, name])


def typed(**more: str) -> dict[str, str]:
    return {
        "name": "weather",
        "kind": "page",
        "enabled": "on",
        "description": "How the weather is.",
        "timeout_secs": "8",
        "on_interruption": "go_on",
        "audience": "everyone",
        "per_turn": "2",
        "per_minute": "5",
        "per_session": "50",
        "keys": "rain\nsnow",
        "arguments-TOTAL_FORMS": "2",
        "arguments-INITIAL_FORMS": "0",
        "arguments-0-name": "place",
        "arguments-0-type": "string",
        "arguments-0-required": "on",
        "arguments-0-choices": "Oslo\nBergen",
        "arguments-1-name": "",
        **more,
    }


def test_an_editor_adds_a_tool_and_publishes_it(admin_client):
    marlow = make_character()
    assert admin_client.post(page(marlow, "new"), typed()).status_code == 302
    marlow.refresh_from_db()
    assert catalog.get("marlow").tools == (), "not on stage before it is published"
    publishing.publish(marlow)
    (tool,) = CharacterSpec.of("marlow", *catalog.load("marlow")).tools
    assert (tool.name, tool.goes_on, tool.timeout_secs, tool.keys) == ("weather", True, 8.0, ("rain", "snow"))
    assert tool.schema()["properties"]["place"]["enum"] == ["Oslo", "Bergen"]
    shown = admin_client.get(page(marlow)).text
    assert "weather" in shown
    form = admin_client.get(page(marlow, "weather")).text
    assert "Bergen" in form


def test_what_is_no_tool_is_said_in_the_form(admin_client):
    marlow = make_character()
    answer = admin_client.post(page(marlow, "new"), typed(name="The Weather!"))
    assert answer.status_code == 200
    assert "small letters" in answer.text
    admin_client.post(page(marlow, "new"), typed())
    twice = admin_client.post(page(marlow, "new"), typed())
    assert "have the same name" in twice.text
    marlow.refresh_from_db()
    assert len(marlow.tools) == 1


def test_a_tool_is_changed_and_removed(admin_client):
    marlow = make_character(tools=[{"name": "dice", "kind": "dice"}, {"name": "clock", "kind": "clock"}])
    admin_client.post(page(marlow, "dice"), typed(name="d6", kind="dice"))
    marlow.refresh_from_db()
    assert [tool["name"] for tool in marlow.tools] == ["d6", "clock"]
    admin_client.post(page(marlow), {"_remove": "d6"})
    marlow.refresh_from_db()
    assert [tool["name"] for tool in marlow.tools] == ["clock"]
    assert admin_client.get(page(marlow, "d6")).status_code == 404


def test_a_trial_runs_it_and_saves_nothing(admin_client):
    marlow = make_character()
    tried = typed(name="dice", kind="dice", _try="1", _given="count: 3")
    answer = admin_client.post(page(marlow, "new"), tried).text
    assert "rolled" in answer
    assert "The dice show" in answer
    refused = admin_client.post(page(marlow, "new"), {**tried, "_given": "count: many"}).text
    assert "is no integer" in refused
    marlow.refresh_from_db()
    assert marlow.tools == []


def test_who_may_not_change_characters_changes_no_tools(client, django_user_model):
    marlow = make_character(tools=[{"name": "dice", "kind": "dice"}])
    django_user_model.objects.create_user("guest", password="x", is_staff=True)
    client.force_login(django_user_model.objects.get(username="guest"))
    assert client.post(page(marlow), {"_remove": "dice"}).status_code in (302, 403)
    marlow.refresh_from_db()
    assert len(marlow.tools) == 1


@pytest.mark.django_db(transaction=True)  # what a trial takes is counted in a database thread
def test_meanings_go_into_versions_and_what_they_call_is_tried_at_the_desk(admin_client, monkeypatch):
    near = LoreIndexes.near
    monkeypatch.setattr(indexes, "READING_SECS", PATIENCE_SECS)
    monkeypatch.setattr(
        indexes.LoreIndexes,
        "near",
        lambda self, book, words, _secs=0.0, **more: near(self, book, words, PATIENCE_SECS, **more),
    )
    marlow = make_character()
    given = typed(name="dice", kind="dice", keys="", meanings="let us gamble\n我们赌一把", sure="30")
    assert admin_client.post(page(marlow, "new"), given).status_code == 302
    marlow.refresh_from_db()
    publishing.publish(marlow)
    (tool,) = CharacterSpec.of("marlow", *catalog.load("marlow")).tools
    assert (tool.meanings, tool.sure) == (("let us gamble", "我们赌一把"), 30)
    assert "我们赌一把" in admin_client.get(page(marlow, "dice")).text
    refused = admin_client.post(page(marlow, "dice"), {**given, "sure": "99"})
    assert refused.status_code == 200
    for said in ("Let's play a game of chance.", "咱们来赌一赌运气"):
        asked = {"_character": marlow.pk, "_talk": said}
        (found,) = admin_client.post(f"{DESK}rehearse/prompt/", asked).json()["tools"]
        if not HAS_LOCAL:
            assert "meanings cannot be compared here" in found["why"]
            continue
        assert found["called"]
        assert found["why"].startswith("by meaning, ")
        answer = b"".join(written(admin_client, said, _character=str(marlow.pk))).decode()
        assert "The die shows" in answer
        assert "scripted reply" not in answer
    other = b"".join(written(admin_client, "Good evening.", _character=str(marlow.pk))).decode()
    assert other.strip() == "This is a short scripted reply for you ."


def test_tools_travel_in_a_card_of_ones_own_and_come_in_switched_off(admin_client):
    dice = {"name": "dice", "kind": "dice", "keys": ["roll"], "meanings": ["let us gamble"], "sure": 30}
    marlow = make_character(
        tools=[dice, {"name": "ask", "kind": "webhook", "options": {"url": "https://a.example/"}}]
    )
    for private in (True, False):
        card = cards.read(cards.export(marlow, "v3-json", private=private).data)
        there = cards.store(card)
        if not private:
            assert there.tools == []
            continue
        one, other = there.tools
        assert (one["meanings"], one["sure"], one["keys"]) == (["let us gamble"], 30, ["roll"])
        assert other["options"] == {"url": "https://a.example/"}
        assert not one["enabled"]
        assert not other["enabled"]
        assert any("2 tools came with it and are not in use" in note for note in card.notes)
    marlow.tools = []
    marlow.save()
    assert "tools" not in json.loads(cards.export(marlow, "v3-json").data)["data"]["extensions"]["greenroom"]


@pytest.mark.parametrize(
    "given", [3, ["x", {"name": "The Weather!", "kind": "dice"}], {"name": []}, [None] * 100]
)
def test_tools_of_a_card_that_are_none_are_left_out_and_said(given):
    marlow = make_character()
    card = json.loads(cards.export(marlow, "v3-json").data)
    card["data"]["extensions"]["greenroom"]["tools"] = given
    read = cards.read(json.dumps(card).encode())
    assert cards.store(read).tools == []
    assert any("could not be read" in note for note in read.notes)


def test_the_page_is_there_in_chinese(admin_client):
    marlow = make_character(tools=[{"name": "dice", "kind": "dice"}])
    shown = admin_client.get(page(marlow, "dice"), headers={"accept-language": "zh-hans"}).text
    assert "先问访客" in shown
    assert "含义" in shown
