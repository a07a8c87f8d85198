"""Lorebooks on their way in and out: what an editor is told of them, and what SillyTavern sees of an edit."""

import json
from typing import Any

import pytest

from characters import cards
from characters.lore import advice, lorebook_of
from characters.models import Character

pytestmark = pytest.mark.django_db

LONG = "word " * 365


def card(*entries: dict[str, Any], **book: Any) -> bytes:
    whole = [
        {
            "keys": ["lamp"],
            "content": "L.",
            "enabled": True,
            "insertion_order": 100,
            "extensions": {},
            **entry,
        }
        for entry in entries
    ]
    data = {
        "name": "Tess",
        "first_mes": "Hi.",
        "character_book": {"extensions": {}, "entries": whole, **book},
    }
    return json.dumps({"spec": "chara_card_v3", "spec_version": "3.0", "data": data}).encode()


def stored(data: bytes) -> Character:
    return Character.objects.get(pk=cards.store(cards.read(data)).pk)


def entry_of(character: Character, **options: Any) -> dict[str, Any]:
    exported = json.loads(cards.export(character, "v3-json", **options).data)
    return exported["data"]["character_book"]["entries"][0]


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"position": "after_char"}, {"position": 1}),
        ({"position": "before_char"}, {}),
        ({"case_sensitive": True}, {"case_sensitive": True}),
        ({"case_sensitive": None, "whole_words": True}, {"case_sensitive": None, "match_whole_words": True}),
    ],
)
def test_an_edit_at_the_desk_reaches_what_sillytavern_reads(changes, seen):
    extensions = {"position": 0, "case_sensitive": False, "match_whole_words": None, "depth": 4, "x": 1}
    tess = stored(card({"id": 7, "position": "before_char", "extensions": extensions}))
    tess.lore.update(**changes)
    expected = {**extensions, **seen}
    if changes.get("case_sensitive", 0) is None:
        del expected["case_sensitive"]
    assert entry_of(tess)["extensions"] == expected
    again = lorebook_of(fields := cards.read(cards.export(tess, "v3-json").data).fields, fields["lore"])
    assert again.entries[0].position == changes.get("position", "before_char")


def test_a_plain_save_changes_nothing_of_an_entry_and_a_card_for_others_keeps_its_rules():
    extensions = {
        "position": 4,
        "depth": 2,
        "role": 1,
        "selectiveLogic": 2,
        "sticky": 3,
        "automation_id": "z",
    }
    entry = {"id": 7, "use_regex": True, "case_sensitive": None, "position": "after_char"}
    tess = stored(card({**entry, "extensions": extensions}))
    assert not tess.lore.get().use_regex, "SillyTavern writes it everywhere and means /pattern/ keys"
    came_back = entry_of(tess)
    assert {**came_back, **entry, "extensions": extensions} == came_back
    del extensions["automation_id"]
    assert entry_of(tess, private=False)["extensions"] == extensions


@pytest.mark.parametrize(
    ("entries", "book", "said"),
    [
        ([{}], {}, []),
        ([{"constant": True, "content": LONG}], {"token_budget": 500}, []),
        (
            [{"name": "Long", "content": LONG}],
            {},
            ["1 entry of lore is longer than the 400 tokens", "“Long”"],
        ),
        (
            [{"constant": True, "keys": [], "name": f"C{n}", "content": LONG} for n in range(9)],
            {"token_budget": 1000},
            ["has about 3780 tokens, and the room for lore is 1000: 7 entries", "“C2”", "and 2 more"],
        ),
        ([{"keys": ["/(/"]}], {}, ["1 entry of lore is called for by a pattern that is none"]),
        ([{"extensions": {"position": 7}}], {}, ["for an outlet, which is not known here"]),
        ([{"extensions": {"triggers": ["swipe"]}}], {}, ["that a spoken conversation does not make"]),
        ([{"extensions": {"vectorized": True}}], {}, []),
        ([{"content": "@@instruct_depth 3\nx"}], {}, ["1 entry of lore has decorators that are not known"]),
    ],
)
def test_what_will_not_be_told_is_said_at_import(entries, book, said):
    notes = cards.read(card(*entries, **book)).notes
    assert len(notes) == (1 if said else 0)
    for words in said:
        assert words in notes[0]


def test_what_the_budget_leaves_out_is_said_before_publishing_and_in_the_tester(admin_client):
    tess = stored(
        card(*[{"constant": True, "name": f"C{n}", "content": LONG} for n in range(2)], token_budget=500)
    )
    page = admin_client.get(f"/admin/characters/character/{tess.pk}/publish/").content.decode()
    assert "1 entry of lore is left out on every turn: “C1”." in page.replace("&#x27;", "'")
    tess.stt_provider = tess.llm_provider = tess.tts_provider = "scripted"
    tess.save()
    chosen = {"action": "publish_selected", "_selected_action": tess.pk}
    answer = admin_client.post("/admin/characters/character/", chosen, follow=True).content.decode()
    assert "On stage now: 1." in answer
    assert "Tess: What is always told" in answer
    found = admin_client.post(
        "/admin/characters/character/rehearse/prompt/",
        {"_character": tess.pk, "_talk": "hello", "lore_token_budget": 1500},
    ).json()["lore"]
    assert (found["notes"], found["left_out"]) == ([], []), "with more room nothing is left out"
    found = admin_client.post(
        "/admin/characters/character/rehearse/prompt/", {"_character": tess.pk, "_talk": "hello"}
    ).json()["lore"]
    assert found["left_out"] == ["C1"]
    assert "1 entry of lore is left out on every turn: “C1”." in found["notes"][0]


def test_advice_for_a_book_of_many_patterns_has_a_time_of_its_own():
    now = [0.0]

    def clock() -> float:
        now[0] += 0.3
        return now[0]

    fields = cards.read(card(*[{"keys": [f"/({n}/"]} for n in range(50)])).fields
    assert advice(lorebook_of(fields, fields["lore"]), clock=clock)
    assert now[0] < 2


def test_the_tester_gives_its_reasons_in_the_readers_language(admin_client):
    tess = stored(
        card(
            {"keys": ["kraken"], "name": "K"}, {"keys": ["fog"], "name": "F"}, {"constant": True, "name": "C"}
        )
    )
    found = admin_client.post(
        "/admin/characters/character/rehearse/prompt/",
        {"_character": tess.pk, "_talk": "A kraken!"},
        headers={"Accept-Language": "zh-hans"},
    ).json()["lore"]
    assert [entry["why"] for entry in found["entries"]] == [
        "“kraken”在最近 6 条消息中",
        "它的关键词都不在最近 6 条消息中",
        "始终",
    ]
