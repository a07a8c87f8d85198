"""The rules of an entry as a line at the desk: read, shown again, and in the card for SillyTavern."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from characters import cards
from characters.lore import rules_text
from characters.models import Character
from tests.characters.factory import make_character
from tests.characters.test_desk import DESK

ALL = (
    "logic: not any; probability: 50; sticky: 4; cooldown: 3; delay: 2; group: weather; group weight: 7; "
    "group override: yes; group scoring: yes; scan depth: 9; at depth: 2; role: user; "
    "exclude recursion: yes; prevent recursion: yes; delay until recursion: 2"
)


def test_a_line_is_shown_as_it_was_written_and_what_else_there_is_stays():
    rest = json.dumps({"id": 3, "extensions": {"automation_id": "z", "vectorized": True}, "unknown": 1})
    written = rules_text.changed(rest, ALL, "")
    assert rules_text.shown(written) == ALL
    entry = json.loads(written)
    assert entry["unknown"] == 1
    assert (
        entry["extensions"] | {"automation_id": "z", "position": 4, "selectiveLogic": 2}
        == entry["extensions"]
    )
    cleared = rules_text.changed(written, "", "after_char")
    assert rules_text.shown(cleared) == ""
    assert json.loads(cleared)["extensions"]["position"] == 1
    assert rules_text.changed(written, ALL, "") == written


@given(st.sets(st.sampled_from(ALL.split("; "))))
def test_any_rules_come_back(parts):
    line = "; ".join(part for part in ALL.split("; ") if part in parts and not part.startswith("role"))
    assert rules_text.shown(rules_text.changed("{}", line, "")) == line


@pytest.mark.parametrize(
    "rest", ["{}", "[]", "no json", '{"extensions": 3}', '{"extensions": {"sticky": [1]}}']
)
def test_a_card_that_holds_nonsense_shows_no_rules(rest):
    assert rules_text.shown(rest) == ""


def test_rules_that_nobody_could_write_here_are_kept_by_a_plain_save():
    rest = json.dumps({"id": 3, "extensions": {"probability": 33.5, "group": "g" * 5000, "sticky": 99_999}})
    assert rules_text.changed(rest, rules_text.shown(rest), "") == rest
    assert len(rules_text.shown(rest)) < 1000


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("colour: red", "“colour” is no rule"),
        ("sticky: soon", "sticky wants a whole number"),
        ("logic: maybe", "one of and any"),
        ("probability: 101", "from 0 to 100"),
        ("role: user", "at which"),
        ("group:", "a name"),
    ],
)
def test_what_is_no_rule_is_said(line, said):
    with pytest.raises(rules_text.RulesInvalid, match=said):
        rules_text.read(line)


def entry_of(character: Character) -> tuple[str, dict[str, str]]:
    """The address of a character's one entry, and what its form sends."""
    entry = character.lore.get()
    sent = {
        "keys": "\n".join(entry.keys),
        "content": entry.content,
        "enabled": "on",
        "insertion_order": "100",
    }
    return f"{DESK}{character.pk}/lore/{entry.pk}/", {**sent, "revision": str(entry.revision)}


def rehearsed(client: Client, character: Character, talk: str, **typed: str) -> dict[str, Any]:
    """What the tester says of a character's one entry, with what is typed into its form."""
    sent = {"_character": character.pk, "_talk": talk, "_entry": character.lore.get().pk}
    sent |= {f"_entry-{name}": value for name, value in typed.items()}
    found = client.post(f"{DESK}rehearse/prompt/", {**sent, "lore_scan_depth": "1"}).json()["lore"]
    (entry,) = found["entries"]
    return entry


@pytest.mark.django_db
def test_rules_are_written_at_the_desk_tried_at_once_and_reach_the_card(admin_client):
    character = make_character(lore=[{"keys": ["reef"], "content": "REEF"}], published=False)
    address, sent = entry_of(character)
    typed = {**sent, "rules": "Delay: 3; at depth: 1; role: user"}
    found = rehearsed(admin_client, character, "the reef", **typed)
    assert found["why"] == "only from 3 messages on; there are 1"
    answer = admin_client.post(address, typed)
    assert answer.status_code == 302, answer.content.decode()
    stored = Character.objects.get()
    card = json.loads(cards.export(stored, "v3-json").data)
    extensions = card["data"]["character_book"]["entries"][0]["extensions"]
    assert extensions == {"delay": 3, "depth": 1, "role": 1, "position": 4}
    page = admin_client.get(address).content.decode()
    assert "delay: 3; at depth: 1; role: user" in page
    wrong = admin_client.post(address, {**typed, "rules": "colour: red", "revision": "2"})
    assert "is no rule" in wrong.content.decode()


@pytest.mark.django_db
def test_the_tester_goes_through_the_lines_before_for_what_stays(admin_client):
    rest = json.dumps({"id": 1, "extensions": {"sticky": 9}})
    character = make_character(lore=[{"keys": ["reef"], "content": "R", "rest": rest}], published=False)
    _address, sent = entry_of(character)
    found = rehearsed(admin_client, character, "the reef\naye\nand then?", **sent, rules="sticky: 9")
    assert (found["fired"], found["why"]) == (True, "it stays (sticky)")


@pytest.mark.django_db
def test_patterns_of_an_entry_with_rules_are_written_as_sillytavern_reads_them(admin_client):
    character = make_character(lore=[{"keys": ["re+f"], "content": "R", "use_regex": True}], published=False)
    address, sent = entry_of(character)
    typed = {**sent, "keys": "re+f\n/a/", "use_regex": "on", "rules": "sticky: 2"}
    assert admin_client.post(address, typed).status_code == 302
    entry = character.lore.get()
    assert (entry.keys, entry.use_regex) == (["/re+f/i", "/a/"], False)
