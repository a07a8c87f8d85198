"""Characters of Backyard (Faraday before): cards of one character, and archives (`.byaf`).

Backyard Archive Format, version 1: `manifest.json` names `characters/<id>/character.json` and
`scenarios/<id>.json`. Its macros are `{character}`, `{user}`, and `#{character}:` in examples.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from characters.cards import values
from characters.cards.json_text import parse
from characters.exceptions import CardRefused

Json = dict[str, Any]
MANIFEST = "manifest.json"
CARD = {  # of the older cards: their names, and a card's
    "aiPersona": "description",
    "scenario": "scenario",
    "basePrompt": "system_prompt",
    "customDialogue": "mes_example",
    "firstMessage": "first_mes",
}
MODEL = (  # how the model is set, which has no effect here
    *("grammar", "temperature", "topK", "topP", "minP", "minPEnabled", "repeatPenalty", "repeatLastN"),
    *("model", "promptTemplate", "canDeleteCustomDialogue", "canDeleteExampleMessages", "messages"),
)


def translated(text: Any) -> str:
    """Its macros as a card's."""
    words = re.sub(r"#\{(user|character)\}:", r"{\1}:", values.text(text), flags=re.IGNORECASE)
    words = re.sub(r"(?<!\{)\{character\}(?!\})", "{{char}}", words, flags=re.IGNORECASE)
    return re.sub(r"(?<!\{)\{user\}(?!\})", "{{user}}", words, flags=re.IGNORECASE)


def is_card(given: Mapping[str, Any]) -> bool:
    character = given.get("character", given)
    return isinstance(character, dict) and ("aiName" in character or "aiDisplayName" in character)


def card(given: Json) -> tuple[Json, Json]:
    """The card's data of a Faraday card, and what is left of it."""
    character = dict(given.get("character", given))
    data: Json = {theirs: translated(character.pop(ours, "")) for ours, theirs in CARD.items()}
    shown, spoken = character.pop("aiDisplayName", ""), character.pop("aiName", "")
    data |= _names(values.text(shown), values.text(spoken))
    data["character_book"] = _book(character.pop("loreItems", None))
    return data, {name: value for name, value in character.items() if name not in MODEL}


def _names(shown: str, spoken: str) -> Json:
    """It has one name to be listed by and one to be called by."""
    name = shown.strip() or spoken.strip()
    return {"name": name, **({"nickname": spoken} if spoken.strip() not in ("", name) else {})}


def _book(items: Any) -> Json | None:
    entries = [
        {
            "keys": values.texts(translated(item.get("key"))),
            "content": translated(item.get("value")),
            "enabled": True,
            "insertion_order": number,
            "use_regex": False,
            "extensions": {},
        }
        for number, item in enumerate(items if isinstance(items, list) else [])
        if isinstance(item, dict)
    ]
    return {"extensions": {}, "entries": entries} if entries else None


def archive(manifest: bytes, files: Mapping[str, bytes]) -> tuple[Json, dict[str, bytes]]:
    """The card of an archive's first character, with its scenarios, and the pictures. Raises CardRefused."""
    listed = parse(manifest)
    people = [name for name in _names_in(listed, "characters") if name in files]
    if not people:
        raise CardRefused(_("The Backyard archive holds no character."))
    character = parse(files[people[0]])
    scenes = [parse(files[name]) for name in _names_in(listed, "scenarios") if name in files]
    first = scenes[0] if scenes else {}
    data: Json = {
        **_names(values.text(character.get("displayName")), values.text(character.get("name"))),
        "description": translated(character.get("persona")),
        "scenario": translated(first.get("narrative")),
        "system_prompt": translated(first.get("formattingInstructions")),
        "mes_example": "\n".join(f"<START>\n{text}" for text in _texts(first.get("exampleMessages"))),
        "character_book": _book(character.get("loreItems")),
    }
    greetings = list(dict.fromkeys(text for scene in scenes for text in _texts(scene.get("firstMessages"))))
    data["first_mes"], data["alternate_greetings"] = greetings[0] if greetings else "", greetings[1:]
    author = listed.get("author")
    if isinstance(author, dict):
        data["creator"] = values.text(author.get("name"))
    if character.get("isNSFW") is True:
        data["tags"] = ["nsfw"]
    folder = people[0].rpartition("/")[0]
    images = character.get("images")
    paths = [
        f"{folder}/{image['path']}".lstrip("/")
        for image in (images if isinstance(images, list) else [])
        if isinstance(image, dict) and isinstance(image.get("path"), str)
    ]
    pictures = {path: files[path] for path in paths if path in files}
    data["assets"] = [
        {
            "type": "icon",
            "uri": f"embeded://{path}",
            "name": "main" if number == 0 else f"icon {number}",
            "ext": path.rpartition(".")[2].lower() or "png",
        }
        for number, path in enumerate(pictures)
    ]
    if len(people) > 1:
        data["extensions"] = {"backyard": {"others": len(people) - 1}}
    return data, pictures


def _names_in(listed: Json, name: str) -> list[str]:
    found = listed.get(name)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _texts(messages: Any) -> list[str]:
    items = messages if isinstance(messages, list) else []
    found = (translated(item.get("text")) for item in items if isinstance(item, dict))
    return [text for text in found if text.strip()]
