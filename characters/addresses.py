"""Addresses of characters: made of names in any script, and found again after they have changed."""

from anyascii import anyascii
from django.utils.text import slugify

from characters.models import Character, FormerAddress

CHARACTERS = 40  # of one that is made of a name, so that a number fits behind it


def made_of(name: str) -> str:
    """An address made of a name: `汉娜` becomes `hanna`, what has no letters `character`."""
    return slugify(anyascii(name))[:CHARACTERS].strip("-_") or "character"


def free(name: str) -> str:
    """An address made of the name that no character has or had."""
    plain = made_of(name)
    taken = set(Character.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    taken |= set(FormerAddress.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    slug, number = plain, 2
    while slug in taken:
        slug, number = f"{plain}-{number}", number + 1
    return slug


def now_of(slug: str) -> str:
    """The present address of the character that had this one; '' if none had it."""
    found = FormerAddress.objects.filter(slug=slug).values_list("character__slug", flat=True).first()
    return found or ""


def all_of(slug: str) -> list[str]:
    """This address and those that its character had before."""
    former = FormerAddress.objects.filter(character__slug=slug).values_list("slug", flat=True)
    return [slug, *former]


def holder(slug: str) -> Character | None:
    """The character that has this address, or had it."""
    found = Character.objects.filter(slug=slug).first()
    return found or Character.objects.filter(former_addresses__slug=slug).first()
