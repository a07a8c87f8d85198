"""Entries that fire by meaning as well: at the desk, in cards, and beside everything else that decides."""

import json

import pytest

from characters import cards, content
from characters.cards import world_info
from characters.content import NEW_LORE
from characters.lore import Nearness, lorebook_of, scan
from characters.lore.rules.meaning import ByMeaning, changed, found_by
from characters.lore.shared import RULES
from characters.models import LoreEntry
from characters.versions.differences import between
from tests.characters.factory import make_character
from tests.characters.test_desk import DESK
from tests.characters.test_lore_cards import card
from voicebot.lore import indexes

MEANT = changed("{}", ByMeaning(wanted=True), "")


def entry(**fields):
    return {**NEW_LORE, "keys": ["kraken"], "content": "It sleeps below the reef.", "rest": MEANT, **fields}


def judged(sure, *, by_meaning=True, said="what lives down there?", **fields):
    book = lorebook_of(dict.fromkeys(RULES), [entry(**fields)])
    (verdict,) = scan(book, [said], near={0: Nearness(sure, by_meaning)}, chance=lambda _: 0.99).verdicts
    return verdict.fired, verdict.why


def with_threshold(percent):
    return changed("{}", ByMeaning(wanted=True, percent=percent), "")


@pytest.mark.parametrize(
    ("sure", "fields", "fired", "why"),
    [
        (0.83, {}, True, "by meaning, 83 % sure"),
        (0.31, {}, False, "no key, and by meaning 31 % sure of 40 %"),
        (0.83, {"rest": with_threshold(90)}, False, "no key, and by meaning 83 % sure of 90 %"),
        (0.31, {"rest": with_threshold(30)}, True, "by meaning, 31 % sure"),
        (0.83, {"rest": "{}"}, False, "none of its keys is in the last 6 messages"),
        (0.83, {"keys": []}, True, "by meaning, 83 % sure"),
        (0.01, {"said": "the kraken"}, True, "“kraken” in the last 6 messages"),
        (0.83, {"enabled": False}, False, "switched off"),
        (
            0.83,
            {"said": "no kraken", "selective": True, "secondary_keys": ["reef"]},
            False,
            "“kraken” is in the last 6 messages, but none of its secondary keys",
        ),
        (
            0.83,
            {"rest": json.dumps({"extensions": {"vectorized": True, "probability": 50}})},
            False,
            "called for, but its chance of 50 % did not come up",
        ),
    ],
)
def test_an_entry_that_asks_for_it_fires_by_meaning_if_that_is_sure_enough(sure, fields, fired, why):
    assert judged(sure, **fields) == (fired, why)


def test_where_meanings_cannot_be_compared_that_is_said():
    assert judged(0.6, by_meaning=False) == (
        True,
        "by its letters, 60 % sure: meanings cannot be compared here",
    )
    assert judged(0.2, by_meaning=False) == (False, "no key, and by its letters 20 % sure of 40 %")


@pytest.mark.parametrize(
    "rest", ["{}", "no json", "[]", '{"extensions": 3}', '{"id": 2, "extensions": {"a": 1}}']
)
@pytest.mark.parametrize("wanted", [ByMeaning(wanted=True), ByMeaning(wanted=True, percent=70), ByMeaning()])
def test_what_an_entry_asks_for_is_kept_with_all_else_that_it_holds(rest, wanted):
    written = changed(rest, wanted, "")
    assert found_by(written) == wanted
    assert found_by(changed(written, ByMeaning(), "")) == ByMeaning()
    if '"a"' in rest:
        assert json.loads(written)["extensions"]["a"] == 1


@pytest.mark.parametrize("percent", ["x", True, None, -5, 400, [3]])
def test_a_threshold_that_is_none_is_within_bounds_or_the_usual_one(percent):
    rest = json.dumps({"extensions": {"vectorized": True, "greenroom": {"sure": percent}}})
    found = found_by(rest).percent
    assert found is None or 5 <= found <= 95


def test_where_an_entry_stands_does_not_change_with_it():
    before = lorebook_of(dict.fromkeys(RULES), [entry(rest="{}"), entry(rest="{}", position="after_char")])
    after = lorebook_of(
        dict.fromkeys(RULES),
        [entry(), entry(rest=changed("{}", ByMeaning(wanted=True), "after_char"), position="after_char")],
    )
    assert [one.place for one in before.entries] == [one.place for one in after.entries]


def test_sillytavern_s_flag_and_our_threshold_go_through_cards_and_world_info():
    theirs = {"uid": 4, "key": ["kraken"], "content": "It sleeps.", "vectorized": True}
    ours = world_info.entry_of(theirs, 0)
    assert found_by(json.dumps(ours)).wanted
    ours["extensions"]["greenroom"] = {"sure": 70}
    again = world_info.entry_of(world_info.given_as(ours, 0), 0)
    assert found_by(json.dumps(again)) == ByMeaning(wanted=True, percent=70)
    read = cards.read(card({"id": 4, "keys": ["kraken"], "content": "x", "extensions": again["extensions"]}))
    assert found_by(read.fields["lore"][0]["rest"]) == ByMeaning(wanted=True, percent=70)


@pytest.mark.django_db
def test_a_writer_says_so_at_the_desk_and_sees_it_among_the_changes(admin_client):
    character = make_character(lore=[{"name": "Kraken", "keys": ["kraken"], "content": "It sleeps."}])
    row = character.lore.get()
    page = admin_client.get(f"{DESK}{character.pk}/lore/{row.pk}/").content.decode()
    assert "also by meaning" in page
    typed = {"revision": 1, "name": "Kraken", "keys": "kraken", "content": "It sleeps.", "enabled": "on"}
    typed |= {"insertion_order": "100", "rules": "", "by_meaning": "yes", "sure": "70"}
    refused = admin_client.post(f"{DESK}{character.pk}/lore/{row.pk}/", {**typed, "sure": "120"})
    assert "sure" in refused.context["form"].errors
    before = content.of(character)
    saved = admin_client.post(f"{DESK}{character.pk}/lore/{row.pk}/", typed)
    assert saved.status_code in (200, 302), saved.content
    assert found_by(LoreEntry.objects.get(pk=row.pk).rest) == ByMeaning(wanted=True, percent=70)
    character.refresh_from_db()
    (change,) = between(before, content.of(character))
    assert change.title == "lore “Kraken”, called for"
    assert "".join(piece.text for piece in change.pieces if piece.kind != "gone").endswith("from 70 % sure")


@pytest.mark.django_db
@pytest.mark.local
def test_the_rehearsal_shows_that_an_entry_fired_by_meaning_and_how_sure_that_is(admin_client, monkeypatch):
    monkeypatch.setattr(indexes, "READING_SECS", 60.0)  # while the machine has much to do
    monkeypatch.setattr(indexes, "PATIENCE_SECS", 60.0)
    lore = [
        {
            "name": "The lighthouse",
            "keys": ["lighthouse"],
            "content": "Its lamp has been dark since the keeper fell in love and left.",
            "rest": MEANT,
        },
        {"name": "Soup", "keys": ["soup"], "content": "The fish soup has saffron and fennel.", "rest": MEANT},
    ]
    character = make_character(lore=lore)

    def rehearsed(talk):
        return admin_client.post(
            f"{DESK}rehearse/prompt/", {"_character": character.pk, "_talk": talk}
        ).json()

    shown = rehearsed("Why is there no light on the cliff at night?")
    tower, soup = shown["lore"]["entries"]
    assert tower["fired"]
    assert tower["why"].startswith("by meaning, ")
    assert tower["why"].endswith(" % sure")
    assert "the keeper fell in love" in shown["messages"][0]["content"]
    assert not soup["fired"]
    assert " % sure of 40 %" in soup["why"]
    assert not any(one["fired"] for one in rehearsed("What is seven times eight?")["lore"]["entries"])
