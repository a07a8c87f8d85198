"""Characters for tests."""

import io
from typing import Any

from PIL import Image

from characters import content
from characters.models import Character, Lorebook
from characters.versions import publishing


def make_character(
    *, published: bool = True, lore: list[dict[str, Any]] | None = None, **fields: Any
) -> Character:
    """A character on stage (unless it is not to be `published`), with entries of a lorebook."""
    character = Character.objects.create(
        **{
            "slug": "marlow",
            "name": "Captain Marlow",
            "system_prompt": "You are {{char}}, a sea captain.",
            "greeting": "Ahoy, {{user}}.",
            "stt_provider": "scripted",
            "llm_provider": "scripted",
            "tts_provider": "scripted",
            **fields,
        }
    )
    content.replace_lore(character, [{**content.NEW_LORE, **entry} for entry in lore or []])
    content.note_draft(character)
    if published:
        publishing.publish(character)
    return character


def make_lorebook(*, entries: list[dict[str, Any]] | None = None, **fields: Any) -> Lorebook:
    """A lorebook for characters to share."""
    book = Lorebook.objects.create(**{"name": "The harbour", **fields})
    content.replace_lore(book, [{**content.NEW_LORE, **entry} for entry in entries or []])
    return book


def picture(size: tuple[int, int] = (600, 400), kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#884422").save(out, kind)
    return out.getvalue()
