"""Duplicate: a second draft of a character, to change without changing the first."""

from django.db import transaction
from django.utils.translation import gettext as _

from characters import addresses, content
from characters.models import Character, CharacterAsset

NAME_CHARACTERS = 80
SLUG_CHARACTERS = addresses.CHARACTERS - len("-copy")  # of the first one's address


@transaction.atomic
def duplicate(character: Character) -> Character:
    """A new draft with the content, lorebook and files of another's, at an address of its own."""
    twin = Character(slug=addresses.free(f"{character.slug[:SLUG_CHARACTERS]}-copy"))
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
