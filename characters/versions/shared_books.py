"""Shared lorebooks of drafts: whoever uses one that was changed has something to publish."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from characters import content
from characters.models import Character, Lorebook
from characters.versions import publishing


@dataclass(frozen=True, slots=True)
class User:
    """A character that uses a book, and what publishing it would bring on stage."""

    character: Character
    on_stage: bool
    changed: bool
    otherwise: bool  # whether the draft has other changes than those of its shared books


def changed_book(book: Lorebook) -> None:
    """Call when a shared lorebook was saved, entries included."""
    changed_drafts(book.characters.values_list("pk", flat=True))


@transaction.atomic
def changed_drafts(characters: Iterable[int]) -> None:
    """Each of these has another draft now: one of its shared books was changed, or is gone.

    They are locked, so that nobody who edits a character's own lorebook meanwhile notes an older state.
    """
    rows = Character.objects.select_for_update(no_key=True).filter(pk__in=list(characters))
    for character in rows.order_by("pk"):
        publishing.changed_draft(character)


def users_of(book: Lorebook) -> list[User]:
    """Who uses a book, by name."""
    found = []
    for character in book.characters.filter(binned_at=None).select_related("published").order_by("name"):
        version = character.published
        changed = version is None or version.digest != character.digest
        otherwise = version is None or _own(version.content) != _own(content.of(character))
        found.append(User(character, version is not None, changed, changed and otherwise))
    return found


def _own(whole: content.Content) -> str:
    return content.digest_of({name: value for name, value in whole.items() if name != "books"})


def waiting(book: Lorebook) -> int:
    """How many characters on stage use a book and have changes to publish."""
    return (
        book.characters.filter(binned_at=None)
        .exclude(published=None)
        .exclude(digest=F("published__digest"))
        .count()
    )
