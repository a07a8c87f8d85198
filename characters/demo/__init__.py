"""Demo characters: five that come with Greenroom, published where they are missing.

What each says, exchange by exchange, is in a text of its own under `repertoire/`.
"""

import json
from pathlib import Path

from django.core.files.base import ContentFile

from characters import content
from characters.models import Character
from characters.versions import publishing

__all__ = ["seed"]

HERE = Path(__file__).parent


def seed() -> list[str]:
    """Creates the demo characters that are missing, published; returns their names."""
    created = []
    for entry in json.loads((HERE / "characters.json").read_text(encoding="utf-8")):
        if Character.objects.filter(slug=entry["slug"]).exists():
            continue
        lore = entry.pop("lore", [])
        examples = (HERE / "repertoire" / f"{entry['slug']}.txt").read_text(encoding="utf-8")
        character = Character(**entry, examples=examples)
        portrait = (HERE / f"{entry['slug']}.webp").read_bytes()
        character.avatar.save("portrait.webp", ContentFile(portrait), save=False)
        character.full_clean()
        character.save()
        content.replace_lore(character, [{**content.NEW_LORE, **one} for one in lore])
        # Not checked: an installation whose voices know no pitch has these characters, too, in one voice.
        publishing.publish(character, note="As it comes with Greenroom", checked=False)
        created.append(character.name)
    return created
