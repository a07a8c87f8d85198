"""Card import: a card that was read becomes the draft of a character, a new one or one that is there."""

from contextlib import suppress
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from characters import addresses, content, shelf
from characters import field_limits as limits_of_fields
from characters.cards.reading import Card
from characters.exceptions import CardRefused
from characters.models import Character, CharacterAsset
from characters.versions import publishing

TRIES = 20  # for an address that others take at the same moment
MOST_NAMESAKES = 20


def namesakes(card: Card) -> list[Character]:
    """Characters that are there and are called as the card's, in any case."""
    same = Character.objects.filter(name__iexact=card.name, binned_at=None)
    return list(same.order_by("-updated_at")[:MOST_NAMESAKES])


def store(card: Card, slug: str = "") -> Character:
    """A new draft made of the card, at an address made of its name unless one is given.

    Raises CardRefused.
    """
    if slug and addresses.holder(slug):
        raise CardRefused(
            _("There is a character at the address %(address)r, or there was. Choose another.")
            % {"address": slug}
        )
    for _attempt in range(TRIES):
        address = slug or addresses.free(card.name)
        try:
            return _store(card, Character(slug=address))
        except IntegrityError:
            if slug:
                raise CardRefused(
                    _("There is a character at the address %(address)r by now.") % {"address": slug}
                ) from None
        except CardRefused:
            if slug or not Character.objects.filter(slug=address).exists():
                raise  # else somebody was faster
    raise CardRefused(_("Too many characters of that name are imported at once. Try again."))


@transaction.atomic
def update(card: Card, character: Character) -> Character:
    """Makes the card the draft of a character that is there. Raises CardRefused."""
    # Locked and read again: what came since the character was read is not written over.
    there = Character.objects.select_for_update(of=("self",)).filter(pk=character.pk).first()
    if there is None:
        raise CardRefused(_("That character is not there any more."))
    if there.binned_at:
        raise CardRefused(_("%(name)s is in the bin: bring it back first.") % {"name": there.name})
    return _store(card, there)


def _refuse_too_long(fields: dict[str, Any]) -> None:
    for name, sentence in limits_of_fields.too_long(fields).items():
        raise CardRefused(
            _("The card's %(field)s is too long. %(limit)s")
            % {"field": limits_of_fields.named(name), "limit": sentence}
        )
    for entry in fields["lore"]:
        for name, sentence in limits_of_fields.too_long(entry).items():
            title = f"“{entry['name'][:40]}”" if entry["name"] else _("an entry")
            raise CardRefused(
                _("The %(field)s of %(entry)s of its lorebook: %(limit)s")
                % {"field": limits_of_fields.named(name), "entry": title, "limit": sentence}
            )


@transaction.atomic
def _store(card: Card, character: Character) -> Character:
    _refuse_too_long(card.fields)
    for name, value in card.fields.items():
        if name != "lore":
            setattr(character, name, value)
    if card.portrait:
        character.avatar.save("portrait.webp", ContentFile(card.portrait), save=False)
    try:
        character.full_clean(exclude=["avatar", "published"])
    except ValidationError as error:
        raise CardRefused(
            _("The card does not fit: %(reasons)s") % {"reasons": " ".join(error.messages)}
        ) from error
    character.save()
    content.replace_lore(character, card.fields["lore"])
    character.assets.all().delete()
    files = {path: data for path, data in card.assets.items() if not path.startswith(shelf.FOLDER)}
    if card.picture:
        files[""] = card.picture
    CharacterAsset.objects.bulk_create(
        (_asset(card, character, path, data) for path, data in files.items()), batch_size=100
    )
    for path in sorted(card.assets.keys() - files.keys() - {""}):
        with suppress(shelf.DocumentRefused):  # damaged, or more than a character may have: the card is taken
            shelf.unpack(character, card.assets[path])
    publishing.changed_draft(character)
    return character


def _asset(card: Card, character: Character, path: str, data: bytes) -> CharacterAsset:
    """A file of the card, and the portrait that was made of it, if that is so."""
    made = card.portrait is not None and path == card.portrait_of
    portrait: Any = character.avatar.name if made else ""
    return CharacterAsset(character=character, path=path, data=data, portrait=portrait or "")
