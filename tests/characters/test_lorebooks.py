"""Lorebooks on their own: recognised, brought into a character, and written for others."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from characters import cards, content
from characters.cards import lorebooks
from characters.exceptions import CardRefused
from characters.lore import lorebook_of, scan
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db

WORLD_INFO = {
    "entries": {
        "0": {
            "uid": 0,
            "key": ["river"],
            "keysecondary": ["boat"],
            "comment": "The river",
            "content": "RIVER",
            "selectiveLogic": 2,
            "order": 70,
            "position": 4,
            "depth": 2,
            "role": 1,
            "probability": 100,
            "characterFilter": {"isExclude": False, "names": ["x"], "tags": []},
        },
        "1": {"uid": 1, "key": [], "content": "ALWAYS", "constant": True, "order": 5, "position": 0},
        "2": {"uid": 2, "key": ["off"], "content": "OFF", "disable": True},
    }
}
LOREBOOK_V3 = {
    "spec": "lorebook_v3",
    "data": {
        "name": "The river",
        "scan_depth": 3,
        "token_budget": 700,
        "extensions": {},
        "entries": [
            {"keys": ["river"], "content": "RIVER", "enabled": True, "insertion_order": 7, "extensions": {}}
        ],
    },
}
NOVELAI = {
    "lorebookVersion": 5,
    "entries": [
        {"text": "RIVER", "displayName": "The river", "keys": ["river", "/str?eam/i"], "enabled": True},
        {"text": "ALWAYS", "displayName": "", "keys": ["a & b"], "enabled": True, "forceActivation": True},
    ],
}
AGNAI = {
    "kind": "memory",
    "name": "The river",
    "entries": [
        {
            "name": "The river",
            "keywords": ["river"],
            "entry": "RIVER",
            "weight": 3,
            "priority": 9,
            "enabled": True,
        },
        {"name": "Off", "keywords": ["off"], "entry": "OFF", "weight": 1, "priority": 1, "enabled": False},
    ],
}
RISUAI = {
    "type": "risu",
    "ver": 1,
    "data": [
        {
            "key": "river, stream",
            "comment": "The river",
            "content": "RIVER",
            "mode": "normal",
            "insertorder": 4,
        },
        {"key": "", "comment": "All", "content": "ALWAYS", "mode": "constant", "alwaysActive": True},
        {"key": "x", "content": "NEVER", "activationPercent": 0, "insertorder": 1},
    ],
}


def as_file(book: Any) -> bytes:
    return json.dumps(book).encode()


def told(entries: list[dict[str, Any]], said: str) -> list[str]:
    rules = {"lore_scan_depth": None, "lore_token_budget": None, "lore_recursive": None}
    return sorted(entry.content for entry in scan(lorebook_of(rules, entries), [said]).entries)


@pytest.mark.parametrize(
    ("book", "kind", "fired"),
    [
        (WORLD_INFO, "SillyTavern", ["ALWAYS", "RIVER"]),
        ({"entries": list(WORLD_INFO["entries"].values())}, "SillyTavern", ["ALWAYS", "RIVER"]),
        (LOREBOOK_V3, "Character Card V3", ["RIVER"]),
        (LOREBOOK_V3["data"], "a card", ["RIVER"]),
        (NOVELAI, "NovelAI", ["ALWAYS", "RIVER"]),
        (AGNAI, "Agnai", ["RIVER"]),
        (RISUAI, "RisuAI", ["ALWAYS", "RIVER"]),
    ],
)
def test_a_lorebook_is_recognised_and_means_what_it_meant(book, kind, fired):
    read = lorebooks.read(as_file(book))
    assert read.kind == kind
    assert told(read.entries, "the river, x and off") == fired
    assert told(read.entries, "nothing") == [content for content in fired if content == "ALWAYS"]
    with pytest.raises(CardRefused, match="lorebook"):
        cards.read(as_file({**book, "name": "Somebody"}))


def test_what_a_book_has_without_effect_is_said():
    assert lorebooks.read(as_file(WORLD_INFO)).notes == ["Filters by character are kept and have no effect."]
    assert "&" in lorebooks.read(as_file(NOVELAI)).notes[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"river", "a lorebook is a JSON file"),
        (as_file({"name": "x", "dependencies": {}}), "no entries with keys"),
        (as_file({"spec": "chara_card_v2", "data": {"name": "Ada"}}), "a character card"),
        (as_file({"spec": "lorebook_v3", "data": {"entries": []}}), "has no entries"),
        (as_file({"spec": "lorebook_v3", "data": 3}), "has no entries"),
        (as_file({"entries": {"0": {"key": ["k" * 1001], "content": "x"}}}), "1,000 characters"),
        (as_file({"entries": [{"key": ["k"], "content": "x"}] * 2001}), "more than 2000 entries"),
    ],
)
def test_what_is_no_lorebook_is_refused_with_a_reason(data, reason):
    with pytest.raises(CardRefused, match=reason):
        lorebooks.read(data)


def test_a_book_comes_into_a_draft_after_what_is_there_or_instead(tmp_path, capsys):
    marlow = make_character(lore=[{"keys": ["old"], "content": "OLD"}])
    for name, book in (("world.json", WORLD_INFO), ("v3.json", LOREBOOK_V3)):
        (tmp_path / name).write_bytes(as_file(book))
    call_command("import_lorebook", "marlow", str(tmp_path / "world.json"), str(tmp_path / "v3.json"))
    assert "world.json: 3 entries (SillyTavern). Filters by character" in capsys.readouterr().out
    marlow.refresh_from_db()
    assert [entry["content"] for entry in content.of(marlow)["lore"]] == [
        "OLD", "RIVER", "ALWAYS", "OFF", "RIVER",
    ]  # fmt: skip
    assert (marlow.lore_scan_depth, marlow.lore_token_budget) == (3, 700)
    assert marlow.digest != marlow.published.digest, "the draft has changed, what is on stage has not"
    call_command("import_lorebook", "marlow", str(tmp_path / "world.json"), "--replace")
    assert marlow.lore.count() == 3
    for arguments in (("nobody", str(tmp_path / "v3.json")), ("marlow", str(tmp_path / "missing.json"))):
        with pytest.raises(CommandError):
            call_command("import_lorebook", *arguments)


def test_world_info_comes_back_as_it_was(tmp_path):
    make_character(lore=[])
    (tmp_path / "world.json").write_bytes(as_file(WORLD_INFO))
    call_command("import_lorebook", "marlow", str(tmp_path / "world.json"))
    call_command("export_lorebook", "marlow", "--format", "world-info", "--output", str(tmp_path))
    back = json.loads((tmp_path / "marlow-world-info.json").read_text())["entries"]
    for number, entry in WORLD_INFO["entries"].items():
        assert {**back[number], **entry} == back[number]
    call_command("export_lorebook", "marlow", "--output", str(tmp_path))
    again = lorebooks.read((tmp_path / "marlow-lorebook-v3.json").read_bytes())
    assert told(again.entries, "river") == ["ALWAYS", "RIVER"]
    with pytest.raises(CommandError):
        call_command("export_lorebook", "nobody")


def test_an_edit_at_the_desk_is_in_the_world_info():
    marlow = make_character(lore=[{"keys": ["a"], "content": "A", "position": "after_char", "name": "One"}])
    (entry,) = json.loads(lorebooks.export(marlow, "world-info"))["entries"].values()
    assert (entry["position"], entry["comment"], entry["key"], entry["disable"]) == (1, "One", ["a"], False)
    book = lorebooks.read(as_file(WORLD_INFO))
    lorebooks.add_to(marlow, book, replace=True)
    marlow.lore.filter(content="RIVER").update(position="before_char", enabled=False, case_sensitive=True)
    entry = json.loads(lorebooks.export(marlow, "world-info"))["entries"]["0"]
    assert (entry["position"], entry["disable"], entry["caseSensitive"]) == (0, True, True)
    assert entry["selectiveLogic"] == 2
    private = json.loads(lorebooks.export(marlow, "world-info", private=False))["entries"]["0"]
    assert "The river" not in json.dumps(private)


def test_a_lorebook_is_brought_in_and_saved_at_the_desk(admin_client):
    marlow = make_character(lore=[{"keys": ["old"], "content": "OLD"}])
    desk = f"/admin/characters/character/{marlow.pk}/"
    assert f"{desk}lorebook/" in admin_client.get(f"{desk}change/").content.decode()

    def bring(data: bytes, **more: str) -> Any:
        file = SimpleUploadedFile("book.json", data, "application/json")
        return admin_client.post(f"{desk}lorebook/", {"file": file, **more}, follow=True)

    said = bring(as_file(WORLD_INFO)).content.decode()
    assert "3 entries of a lorebook (SillyTavern) are in the draft now." in said
    assert "Filters by character are kept" in said
    assert marlow.lore.count() == 4
    bring(as_file(LOREBOOK_V3), replace="on")
    assert [entry.content for entry in marlow.lore.all()] == ["RIVER"]
    assert "This JSON is no lorebook" in bring(as_file({"name": "x"})).content.decode()
    saved = admin_client.get(f"{desk}lorebook/export/?format=world-info")
    assert saved["Content-Disposition"] == 'attachment; filename="marlow-world-info.json"'
    assert lorebooks.read(saved.content).kind == "SillyTavern"
    assert admin_client.get(f"{desk}lorebook/export/?format=pdf").status_code == 404
