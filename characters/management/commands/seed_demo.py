"""Puts the demo characters on stage."""

import json
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand

from characters import content, publishing
from characters.models import Character

DEMO = Path(__file__).parent.parent.parent / "demo"


def seed() -> list[str]:
    """Creates the demo characters that are missing, published; returns their names."""
    created = []
    for entry in json.loads((DEMO / "characters.json").read_text()):
        if Character.objects.filter(slug=entry["slug"]).exists():
            continue
        lore = entry.pop("lore", [])
        character = Character(**entry)
        portrait = (DEMO / f"{entry['slug']}.webp").read_bytes()
        character.avatar.save("portrait.webp", ContentFile(portrait), save=False)
        character.full_clean()
        character.save()
        content.replace_lore(character, [{**content.NEW_LORE, **one} for one in lore])
        # Not checked: a house whose voices know no pitch has these characters, too, in one voice.
        publishing.publish(character, note="As it comes with Greenroom", checked=False)
        created.append(character.name)
    return created


class Command(BaseCommand):
    help = "Creates the demo characters that are not there yet. Existing characters are left as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        created = seed()
        self.stdout.write(f"On stage: {', '.join(created)}." if created else "All of them are there already.")
