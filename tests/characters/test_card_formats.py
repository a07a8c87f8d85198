# ruff: noqa: E501
"""Characters of other applications come in whole; what is no character is refused by its name."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest
import yaml
from PIL import Image

from characters import cards
from characters.cards import card_limits, charx, png
from characters.cards.others import parse_yaml
from characters.exceptions import CardRefused
from characters.models import Character
from tests.characters.factory import picture

pytestmark = pytest.mark.django_db


def as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def as_yaml(value: Any) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def jpeg() -> bytes:
    return picture((40, 40), "JPEG")


ICON = "data:image/png;base64," + base64.b64encode(picture((30, 30))).decode()
WEBUI = {"name": "Tess", "context": "Tess is a ferrywoman.", "greeting": "Good evening, {{user}}."}
AGNAI = {
    "kind": "character",
    "name": "Tess",
    "description": "For people.",
    "appearance": "tall",
    "persona": {"kind": "attributes", "attributes": {"trade": ["ferrywoman"], "mood": ["dry", "kind"]}},
    "scenario": "A river.",
    "greeting": "Good evening.",
    "sampleChat": "{{user}}: Late?\n{{char}}: Never.",
    "systemPrompt": "Be brief.",
    "alternateGreetings": ["Ahoy."],
    "tags": ["river"],
    "avatar": ICON,
    "characterBook": {
        "kind": "memory",
        "name": "River",
        "entries": [
            {"name": "river", "keywords": ["river"], "entry": "RIVER-WORD", "weight": 3, "priority": 2}
        ],
    },
    "voice": {"service": "x"},
}
VTUBER = {
    "system_config": {"port": 12393},
    "character_config": {
        "conf_name": "tess_local",
        "conf_uid": "t1",
        "live2d_model_name": "shizuku",
        "character_name": "Tess",
        "persona_prompt": "You are Tess, a ferrywoman.",
        "agent_config": {"llm_configs": {"openai_llm": {"llm_api_key": "SECRET"}}},
        "tts_config": {"tts_model": "edge_tts"},
    },
}
BACKYARD = {
    "character": {
        "aiDisplayName": "Tess Moll",
        "aiName": "Tess",
        "aiPersona": "{character} is a ferrywoman.",
        "basePrompt": "Be {character}.",
        "scenario": "{user} wants to cross.",
        "firstMessage": "Good evening, {user}.",
        "customDialogue": "#{user}: Late?\n#{character}: Never.",
        "loreItems": [{"key": "river, water", "value": "RIVER-WORD for {user}"}],
        "temperature": 1.2,
    },
    "version": 4,
}
ELIZA = {
    "name": "Tess",
    "bio": ["A ferrywoman.", "Old."],
    "lore": ["Lost a boat."],
    "adjectives": ["dry", "kind"],
    "topics": ["tides"],
    "style": {"all": ["short sentences"], "chat": [], "post": []},
    "messageExamples": [
        [{"user": "{{user1}}", "content": {"text": "Late?"}}, {"user": "Tess", "content": {"text": "Never."}}]
    ],
    "settings": {"secrets": {"KEY": "SECRET"}},
}
BYAF = {
    "manifest.json": as_json(
        {
            "schemaVersion": 1,
            "characters": ["characters/t/character.json"],
            "scenarios": ["scenarios/a.json", "scenarios/b.json"],
            "author": {"name": "somebody"},
        }
    ),
    "characters/t/character.json": as_json(
        {
            "displayName": "Tess Moll",
            "name": "Tess",
            "persona": "{character} is a ferrywoman.",
            "loreItems": [{"key": "river", "value": "RIVER-WORD"}],
            "images": [{"path": "images/a.png", "label": ""}],
        }
    ),
    "characters/t/images/a.png": picture((30, 30)),
    "scenarios/a.json": as_json(
        {
            "narrative": "A river.",
            "formattingInstructions": "Be brief.",
            "firstMessages": [{"text": "Good evening, {user}."}],
            "exampleMessages": [{"text": "#{user}: Late?\n#{character}: Never."}],
        }
    ),
    "scenarios/b.json": as_json({"narrative": "A bar.", "firstMessages": [{"text": "Ahoy."}]}),
}
FLAT_V3 = {
    **{"spec": "chara_card_v3", "spec_version": "3.0", "name": "Tess", "nickname": "T"},
    **{"description": "A ferrywoman.", "first_mes": "Good evening.", "tags": ["river"]},
}
V2 = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "Tess", "description": "A ferrywoman."},
}
EXIF = b"II*\0" + b"ASCII\0\0\0" + base64.b64encode(as_json(BACKYARD))


def with_exif() -> bytes:
    plain = picture((40, 40))
    at = len(png.SIGNATURE) + 25
    return plain[:at] + png._chunk(b"eXIf", EXIF) + plain[at:]


FORMATS: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "V3, flat": (as_json(FLAT_V3), "V3", {"name": "Tess", "nickname": "T", "greeting": "Good evening.", "tags": ["river"]}),
    "V1 with an editor's comment": (
        as_json({**dict.fromkeys(["personality", "scenario", "mes_example"], ""), "name": "Tess", "creatorcomment": "NOTE"}),
        "V1",
        {"about": "NOTE"},
    ),
    "V1 by two names, one of them empty": (
        as_json({"char_name": "Tess", "name": "", "char_persona": "P", "description": "", "char_greeting": "G"}),
        "V1",
        {"name": "Tess", "description": "P", "greeting": "G"},
    ),
    "JanitorAI": (
        as_json({"name": "Tess", "personality": "P", "first_message": "G", "example_dialogs": "E"}),
        "V1",
        {"greeting": "G", "examples": "E"},
    ),
    "notes in languages": (
        as_json({**V2, "data": {**V2["data"], "creator_notes": "", "creator_notes_multilingual": {"zh": "说明", "en": "Notes."}}}),
        "V2",
        {"about": "Notes."},
    ),
    "webui, JSON": (as_json(WEBUI), "text-generation-webui", {"description": "Tess is a ferrywoman."}),
    "webui, YAML": (as_yaml(WEBUI), "text-generation-webui", {"greeting": "Good evening, {{user}}."}),
    "webui, YAML of several lines": (
        b"name: Tess\r\ngreeting: |-\r\n  One.\r\n  Two.\r\ncontext: >\r\n  A\r\n  ferrywoman.\r\n",
        "text-generation-webui",
        {"greeting": "One.\nTwo.", "description": "A ferrywoman.\n"},
    ),
    "webui, with numbers and words of YAML": (b"\xef\xbb\xbfname: 1984\ngreeting: yes\ncontext: 2026-01-01\n", "webui", {"name": "1984", "greeting": "yes", "description": "2026-01-01"}),
    "Agnai": (as_json(AGNAI), "Agnai", {"about": "For people.", "description": "trade: ferrywoman\nmood: dry, kind\ntall", "examples": "{{user}}: Late?\n{{char}}: Never.", "alternate_greetings": ["Ahoy."]}),
    "Agnai, text": (as_json({"name": "T", "persona": {"kind": "text", "attributes": {"text": ["A, b; c."]}}, "greeting": "G", "sampleChat": ""}), "Agnai", {"description": "A, b; c."}),
    "Open-LLM-VTuber": (as_yaml(VTUBER), "Open-LLM-VTuber", {"name": "Tess", "system_prompt": "You are Tess, a ferrywoman."}),
    "Open-LLM-VTuber, older": (b"CONF_NAME: tess\nDEFAULT_PERSONA_PROMPT_IN_YAML: |\n  You are Tess.\n", "VTuber", {"name": "tess", "system_prompt": "You are Tess.\n"}),
    "Backyard": (as_json(BACKYARD), "Backyard", {"name": "Tess Moll", "nickname": "Tess", "description": "{{char}} is a ferrywoman.", "examples": "{{user}}: Late?\n{{char}}: Never."}),
    "Backyard, flat": (as_json(BACKYARD["character"]), "Backyard", {"greeting": "Good evening, {{user}}."}),
    "Backyard in a picture": (with_exif(), "Backyard", {"scenario": "{{user}} wants to cross."}),
    "Backyard archive": (zipped(BYAF), "Backyard", {"name": "Tess Moll", "scenario": "A river.", "greeting": "Good evening, {{user}}.", "alternate_greetings": ["Ahoy."], "creator": "somebody"}),
    "ElizaOS": (as_json(ELIZA), "ElizaOS", {"description": "A ferrywoman.\nOld.\nLost a boat.\ntides", "personality": "dry, kind\nshort sentences", "examples": "<START>\n{{user}}: Late?\n{{char}}: Never."}),
    "CHARX at the end of a JPEG": (jpeg() + zipped({"card.json": as_json(V2)}), "JPEG", {"name": "Tess"}),
    "a keyword in capitals, base64 without padding": (
        png._assemble([]) + b"".join([picture((8, 8))[8:-12], png._chunk(b"tEXt", b"Chara\0" + base64.b64encode(as_json(V2)).rstrip(b"=")), picture((8, 8))[-12:]]),
        "PNG",
        {"name": "Tess"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", FORMATS)
def test_what_people_have_is_understood_and_comes_back_as_a_card(which):
    data, kind, fields = FORMATS[which]
    card = cards.read(data)
    assert {name: card.fields[name] for name in fields} == fields
    assert kind in card.report.understood[0]
    character = Character.objects.get(pk=cards.store(card).pk)
    again = cards.read(cards.export(character, "v3-json").data)
    assert {name: again.fields[name] for name in fields} == fields
    assert "SECRET" not in character.card


def test_their_lore_and_pictures_come_along():
    for data, keys in (
        (as_json(AGNAI), ["river"]),
        (as_json(BACKYARD), ["river", "water"]),
        (zipped(BYAF), ["river"]),
    ):
        (entry,) = cards.read(data).fields["lore"]
        assert (entry["keys"], entry["content"].split()[0]) == (keys, "RIVER-WORD")
    for data in (as_json(AGNAI), zipped(BYAF), jpeg() + zipped({"card.json": as_json(V2)}), with_exif()):
        assert cards.read(data).portrait


def test_nothing_that_was_edited_out_stays_in_a_converted_card():
    for data in (as_json(AGNAI), as_json(BACKYARD), as_json(WEBUI), as_yaml(VTUBER), as_json(ELIZA)):
        card = cards.read(data)
        character = cards.store(card)
        character.description = character.system_prompt = character.greeting = character.examples = "NEW"
        character.save()
        character.lore.update(content="NEW")
        text = cards.export(character, "v3-json").data.decode()
        assert not any(word in text for word in ("ferrywoman", "RIVER-WORD", "Good evening", "Never.")), (
            card.name
        )


NO_CHARACTERS: dict[str, Any] = {
    "a package.json of npm": {
        "name": "left-shelf",
        "version": "1.0.0",
        "scripts": {},
        "description": "A shelf.",
    },
    "a vocabulary": {f"word{number}": number for number in range(300)},
    "a tokenizer's vocabulary": {
        "version": "1.0",
        "model": {"type": "BPE", "vocab": {"a": 1}},
        "added_tokens": [],
    },
    "a chat of Agnai": {
        "kind": "chat",
        "name": "x",
        "greeting": "g",
        "scenario": "s",
        "messages": [{"msg": "a"}],
    },
    "a preset of SillyTavern": {"prompts": [], "prompt_order": [], "temperature": 1},
    "a template of SillyTavern": {"name": "ChatML", "input_sequence": "x", "output_sequence": "y"},
    "a story of NovelAI": {"storyContainerVersion": 1, "metadata": {}},
    "a story of KoboldAI": {"gamestarted": True, "prompt": "", "memory": "", "actions": []},
    "a scene of Talemate": {"name": "x", "intro": "y", "description": "z", "characters": []},
    "a Jupyter notebook": {"cells": [], "nbformat": 4},
    "a chat": {"name": "x", "messages": [{"role": "user", "content": "hi"}]},
    "a lorebook (SillyTavern)": {"name": "W", "entries": {"0": {"key": ["a"], "content": "b", "uid": 0}}},
    "a configuration of TypeScript": {"name": "x", "compilerOptions": {}},
}


@pytest.mark.parametrize("name", NO_CHARACTERS)
def test_what_is_no_character_is_refused_by_its_name(name):
    with pytest.raises(CardRefused, match="This is ") as refused:
        cards.read(as_json(NO_CHARACTERS[name]))
    assert name in str(refused.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'[{"role": "user", "content": "hi"}]', "a chat"),
        (
            b'{"user_name": "a", "character_name": "b", "create_date": "c"}\n{"mes": "hi"}',
            "a chat of SillyTavern",
        ),
        (b"services:\n  web:\n    image: x\n", "Docker Compose"),
        (b"name: CI\non: push\njobs: {}\n", "a workflow of GitHub"),
        (b"user: x\nbot: y\nname: z\nturn_template: q\ncontext: c\n", "an instruction template"),
        (b'{"name": "only this", "id": 3}', "neither a description nor a greeting"),
        (b'{"name": "api", "data": {"id": 1, "name": "x"}}', "neither a description nor a greeting"),
        (b"title: x\nname: y\n", "neither a description nor a greeting"),
        (b"just some words\nand more", "neither JSON"),
        (picture((8, 8), "JPEG"), "no character card"),
        (picture((8, 8), "WEBP"), "no character card"),
        (zipped({"a.txt": b"x"}), "card.json"),
        (zipped({"manifest.json": b'{"characters": ["gone"]}'}), "no character"),
    ],
)
def test_other_files_are_refused_with_a_reason(data, reason):
    with pytest.raises(CardRefused) as refused:
        cards.read(data)
    assert reason in str(refused.value)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: &a {k: v}\n" + "".join(f"b{n}: &b{n} {{<<: *a}}\n" for n in range(200)),
        "name: " + "[" * 5000,
        "name: &a [*a]",
        "name: !!python/object/apply:os.system ['true']\ngreeting: [",
        "a: b\n" * 300_000,
        "name: x\nname: y\n- z",
    ],
)
def test_hostile_yaml_is_bounded(text):
    with pytest.raises(CardRefused):
        cards.read(text.encode())


def test_tags_of_yaml_build_nothing():
    assert parse_yaml(b"name: !!python/object/apply:os.system ['true']") == {"name": ["true"]}


def test_files_are_named_as_their_authors_like_and_there_may_be_many():
    names = ["a?.png", 'b"c|d.png', "e:f*<g>.png", "h\\i.png", "j\x01.png", "é/./ñ.png", "x" * 600 + ".png"]
    files = {f"assets/{name}": b"x" for name in names} | {f"assets/{n}.bin": b"y" for n in range(450)}
    character = cards.store(cards.read(charx.write(as_json(V2), files)))
    back = charx.read(cards.export(character, "v3-charx").data)[1]
    assert {name: back[name] for name in files} == files
    many = png.write(picture((8, 8)), {"chara": as_json(V2)}, {str(n): b"z" for n in range(450)})
    assert len(cards.read(many).assets) == 450
    assert card_limits.ASSETS >= 1000


def test_what_of_a_picture_is_not_read_is_said():
    data = png.write(picture((8, 8)), {"chara": as_json(V2), "risuai": b"x", "parameters": b"y"})
    assert any("risuai, parameters" in sentence for sentence in cards.read(data).report.left_out)
    with Image.open(io.BytesIO(data)) as seen:
        assert seen.size == (8, 8)
