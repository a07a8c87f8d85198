"""Character catalog: specs of published versions out of the cache, dropped when an editor changes one."""

import re
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.db.models.signals import post_delete

from characters import addresses, content
from characters.exceptions import CharacterNotFound
from characters.models import Character, CharacterVersion
from characters.signals import character_moved
from characters.spec import CharacterSpec

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
FORMAT = 2  # part of the key: a new shape of content never reads an old entry
SPEC_CACHE_SECS = 60  # bounds what a command in a process of its own cannot invalidate without Redis


def _key(slug: str) -> str:
    return f"characters:{FORMAT}:{slug}"


def load(slug: str) -> tuple[int, dict[str, Any]]:
    """Number and content of the published version, from the database. Raises CharacterNotFound."""
    row = (
        CharacterVersion.objects.filter(character__slug=slug, character__published=F("pk"))
        .values_list("number", "content")
        .first()
    )
    if row is None:
        raise CharacterNotFound(slug)
    return row


def get(slug: str, at_least: int = 0) -> CharacterSpec:
    """The spec of the published version, from the cache if it is there. Raises CharacterNotFound.

    A former address gives the character at its present one, see `CharacterSpec.slug`.

    `at_least` is a version that the caller has heard of: an older one in the cache is not good enough.
    """
    if not SLUG.fullmatch(slug):
        raise CharacterNotFound(slug)
    found = cache.get(_key(slug))
    if found is None or found[0] < at_least:
        try:
            found = load(slug)
        except CharacterNotFound:
            if now := addresses.now_of(slug):
                return get(now, at_least)
            raise
        cache.set(_key(slug), found, SPEC_CACHE_SECS)
    return CharacterSpec.of(slug, *found)


def on_stage() -> list[str]:
    """The addresses of all published characters. Reads the database."""
    published = Character.objects.filter(published__isnull=False, binned_at=None)
    return list(published.order_by("slug").values_list("slug", flat=True))


def version(slug: str, number: int) -> CharacterSpec:
    """The spec of one version, the published one or not. Raises CharacterNotFound.

    Versions never change, so these are cached for as long as others.
    """
    key = f"{_key(slug)}@{number}"
    found = cache.get(key)
    if found is None:
        row = CharacterVersion.objects.filter(character__slug=slug, number=number).first()
        if row is None:
            if now := addresses.now_of(slug):
                return version(now, number)
            raise CharacterNotFound(slug)
        found = row.content
        cache.set(key, found, SPEC_CACHE_SECS)
    return CharacterSpec.of(slug, number, found)


def draft(slug: str) -> CharacterSpec:
    """The spec of the draft as it is stored now. Raises CharacterNotFound."""
    character = addresses.holder(slug) if SLUG.fullmatch(slug) else None
    if character is None or character.binned_at:
        raise CharacterNotFound(slug)
    return content.draft_spec(character)


def forget(slug: str) -> None:
    cache.delete(_key(slug))


def forget_on_change() -> None:
    """Drops the cached spec of a character that is deleted or moves; `publishing` takes care of the rest."""

    def deleted(instance: Character, **_: Any) -> None:
        forget(instance.slug)

    def moved(old: str, **_: Any) -> None:
        transaction.on_commit(lambda: forget(old))

    character_moved.connect(moved, weak=False, dispatch_uid="characters.catalog.moved")

    post_delete.connect(deleted, sender=Character, weak=False, dispatch_uid="characters.catalog.deleted")
