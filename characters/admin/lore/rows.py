"""Rows of an editor's list: what is needed to find an entry, and no more."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Left
from django.utils.translation import gettext

from characters import content
from characters.admin.lore.owners import Owner
from characters.models import LoreEntry
from characters.text import cleaned

PAGE = 100
MOST_ROWS = 2000
EXCERPT, MOST_KEYS = 120, 120  # characters
MOST_WORDS = 8  # of a search
SEARCHED = ("name", "keys", "secondary_keys", "content", "comment")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the list shows it."""

    id: int
    revision: int
    title: str
    keys: str
    excerpt: str
    enabled: bool
    constant: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, how many match what was searched for, how many there are, and where the next page begins."""

    rows: tuple[Row, ...]
    matching: int
    total: int
    next: int | None


def searched(found: QuerySet[LoreEntry], text: str) -> QuerySet[LoreEntry]:
    """Those entries that have every word of the text in their name, keys, content or comment."""
    for word in cleaned(text).split()[:MOST_WORDS]:
        anywhere = Q()
        for name in SEARCHED:
            anywhere |= Q(**{f"{name}__icontains": word})
        found = found.filter(anywhere)
    return found


def title_of(name: str, keys: list[Any]) -> str:
    return name or ", ".join(map(str, keys[:3]))[:MOST_KEYS] or gettext("an entry")


def page_of(owner: Owner, text: str = "", begin: int = 0, count: int = PAGE) -> Page:
    """Rows in the order of the book, from the `begin`-th of those that match on."""
    whole = content.rows_of(owner)
    found = searched(whole, text)
    total = whole.count()
    matching = found.count() if text else total
    end = begin + min(max(count, 1), MOST_ROWS)
    rows = tuple(map(_row, _light(found.order_by("order", "pk")[begin:end])))
    return Page(rows, matching, total, end if end < matching else None)


def row_of(entry: LoreEntry) -> Row:
    return _row(_light(LoreEntry.objects.filter(pk=entry.pk)).get())


def _light(found: QuerySet[LoreEntry]) -> QuerySet[LoreEntry, dict[str, Any]]:
    fields = ("pk", "revision", "name", "keys", "enabled", "constant")
    return found.values(*fields, excerpt=Left("content", EXCERPT))


def _row(values: dict[str, Any]) -> Row:
    keys = values["keys"]
    return Row(
        id=values["pk"],
        revision=values["revision"],
        title=title_of(values["name"], keys),
        keys=", ".join(map(str, keys))[:MOST_KEYS] if values["name"] else "",
        excerpt=" ".join(values["excerpt"].split()),
        enabled=values["enabled"],
        constant=values["constant"],
    )


def at_the_end(owner: Owner) -> int:
    """The place after the last entry."""
    last = content.rows_of(owner).aggregate(last=Max("order"))["last"]
    return 0 if last is None else last + 1


def arrange(ids: list[int]) -> None:
    """Puts entries into this order."""
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE characters_loreentry SET "order" = place - 1 '
            "FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked(entry, place) "
            'WHERE id = entry AND "order" <> place - 1',
            [ids],
        )
