"""Actions on several entries at once: switched, moved, copied, deleted, and brought back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import F
from django.http import QueryDict
from django.utils.translation import gettext

from characters import content
from characters.admin.lore import rows
from characters.admin.lore.owners import MOST_ENTRIES, Owner
from characters.admin.request_values import number
from characters.models import LoreEntry

SALT = "characters.lore.deleted"
UNDO_SECS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action: a sentence, and whether a draft is another one now."""

    said: str
    log: str = ""
    undo: str = ""  # brings back what was deleted
    open: int = 0  # an entry to look at
    status: int = 200

    @property
    def changed(self) -> bool:
        return bool(self.log)


def too_many() -> str:
    return gettext("A lorebook has at most %(most)d entries.") % {"most": MOST_ENTRIES}


def do(owner: Owner, asked: QueryDict) -> Outcome:
    """Does what `action` says to the entries of `id`, or with `all` to all that match the search `q`.

    Whoever calls holds the lock on the owner.
    """
    action = ACTIONS.get(asked.get("action", ""))
    if action is None:
        return Outcome(gettext("There is no such action."), status=400)
    return action(owner, asked)


def _chosen(owner: Owner, asked: QueryDict) -> list[int]:
    """The entries that are asked for, in the order of the book."""
    found = content.rows_of(owner)
    if "all" in asked:
        found = rows.searched(found, asked.get("q", ""))
    else:
        found = found.filter(pk__in=[number(pk) for pk in asked.getlist("id")])
    return list(found.order_by("order", "pk").values_list("pk", flat=True))


def _whole(owner: Owner) -> list[int]:
    return list(content.rows_of(owner).order_by("order", "pk").values_list("pk", flat=True))


def _switch(enabled: bool) -> Callable[[Owner, QueryDict], Outcome]:
    def switch(owner: Owner, asked: QueryDict) -> Outcome:
        found = LoreEntry.objects.filter(pk__in=_chosen(owner, asked), enabled=not enabled)
        count = found.update(enabled=enabled, revision=F("revision") + 1)
        on, off = gettext("Entries switched on: %(count)d."), gettext("Entries switched off: %(count)d.")
        said = (on if enabled else off) % {"count": count}
        return Outcome(said, f"Switched {count} entries {'on' if enabled else 'off'}." if count else "")

    return switch


def _move(owner: Owner, asked: QueryDict) -> Outcome:
    """Before the entry `before`, at the end without it."""
    moved, before = _chosen(owner, asked), number(asked.get("before", ""))
    was = _whole(owner)
    left = [pk for pk in was if pk not in set(moved)]
    at = left.index(before) if before in left else len(left)
    now = [*left[:at], *moved, *left[at:]]
    if now == was:
        return Outcome("")
    rows.arrange(now)
    said = gettext("Moved to place %(place)d.") % {"place": at + 1}
    return Outcome(said, f"Moved {len(moved)} entries.")


def _copy(owner: Owner, asked: QueryDict) -> Outcome:
    """Each copy comes after its original."""
    chosen = _chosen(owner, asked)
    order = _whole(owner)
    if len(order) + len(chosen) > MOST_ENTRIES:
        return Outcome(too_many(), status=400)
    copy = 0
    for row in LoreEntry.objects.filter(pk__in=chosen):
        fields = content.lore_of(row)
        fields["name"] = (gettext("%(name)s (copy)") % {"name": row})[:200]
        copy = LoreEntry.objects.create(**content.owned_by(owner), **fields).pk
        order.insert(order.index(row.pk) + 1, copy)
    rows.arrange(order)
    said = gettext("Entries copied: %(count)d.")
    log = f"Copied {len(chosen)} entries." if chosen else ""
    return Outcome(said % {"count": len(chosen)}, log, open=copy if len(chosen) == 1 else 0)


def _delete(owner: Owner, asked: QueryDict) -> Outcome:
    """But for those that somebody has saved since they were listed: `revision` goes with each `id`."""
    chosen = _chosen(owner, asked)
    seen = dict(zip(asked.getlist("id"), asked.getlist("revision"), strict=False))
    gone: list[tuple[int, LoreEntry]] = []
    kept: list[tuple[int, LoreEntry]] = []
    for place, row in enumerate(content.rows_of(owner).order_by("order", "pk")):
        if row.pk in chosen:
            fresh = seen.get(str(row.pk), str(row.revision)) == str(row.revision)
            (gone if fresh else kept).append((place, row))
    rows_gone = [(place, str(row.uid), content.lore_of(row)) for place, row in gone]
    undo = signing.dumps([owner._meta.model_name, owner.pk, rows_gone], salt=SALT, compress=True)
    LoreEntry.objects.filter(pk__in=[row.pk for _place, row in gone]).delete()
    said = gettext("Entries deleted: %(count)d.") % {"count": len(gone)}
    if kept:
        names = ", ".join(f"“{row}”" for _place, row in kept[:5])
        still = gettext("Somebody has changed these meanwhile; they are kept: %(names)s.")
        said += " " + still % {"names": names}
    return Outcome(said, f"Deleted {len(gone)} entries." if gone else "", undo=undo if gone else "")


def _restore(owner: Owner, asked: QueryDict) -> Outcome:
    """What an earlier deletion here gave back as `undo`."""
    try:
        model, pk, gone = signing.loads(asked.get("undo", ""), salt=SALT, max_age=UNDO_SECS)
    except signing.BadSignature:
        model, pk, gone = "", 0, []
    if (model, pk) != (owner._meta.model_name, owner.pk) or not gone:
        return Outcome(gettext("That cannot be brought back any more."), status=400)
    order = _whole(owner)
    there = {str(uid) for uid in content.rows_of(owner).values_list("uid", flat=True)}
    back: list[tuple[int, str, Mapping[str, Any]]] = [one for one in gone if one[1] not in there]
    if len(order) + len(back) > MOST_ENTRIES:
        return Outcome(too_many(), status=400)
    for place, uid, fields in back:
        row = LoreEntry.objects.create(**content.owned_by(owner), uid=uid, **fields)
        order.insert(place, row.pk)
    rows.arrange(order)
    said = gettext("Entries that are back: %(count)d.")
    return Outcome(said % {"count": len(back)}, f"Brought back {len(back)} entries." if back else "")


ACTIONS: Mapping[str, Callable[[Owner, QueryDict], Outcome]] = {
    "on": _switch(True),
    "off": _switch(False),
    "move": _move,
    "copy": _copy,
    "delete": _delete,
    "restore": _restore,
}
