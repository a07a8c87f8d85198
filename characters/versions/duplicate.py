"""Duplicate: a second draft of a character, to change without changing the first."""

from django.db import transaction
from django.utils.translation import gettext as _

from characters import content
from characters.models import Character, CharacterAsset

NAME_CHARACTERS = 80
SLUG_CHARACTERS = 40


def _free_slug(slug: str) -> str:
    begins = f"{slug[:SLUG_CHARACTERS]}-copy"
    taken = set(Character.objects.filter(slug__startswith=begins).values_list("slug", flat=True))
    number = 1
    while (found := begins if number == 1 else f"{begins}-{number}") in taken:
        number += 1
    return found


@transaction.atomic
def duplicate(character: Character) -> Character:
    """A new draft with the content, lorebook and files of another's, at an address of its own."""
    twin = Character(slug=_free_slug(character.slug))
    now = content.of(character)
    ending = _(" (copy)")
    now["name"] = now["name"][: NAME_CHARACTERS - len(ending)] + ending
    now["lore"] = [{name: entry[name] for name in content.LORE_FIELDS} for entry in now["lore"]]
    content.put_back(twin, now)
    CharacterAsset.objects.bulk_create(
        CharacterAsset(character=twin, path=asset.path, data=asset.data, portrait=asset.portrait)
        for asset in character.assets.all()
    )
    return twin
