"""Documents that nobody has any more are deleted: those of erased characters, too."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from characters.models import Character, CharacterVersion, Document


def in_versions(document: Document) -> bool:
    """Whether any version of any character names it, so that it can be gone back to."""
    named = {"documents": [{"sha256": document.sha256}]}
    return CharacterVersion.objects.filter(content__contains=named).exists()


@transaction.atomic
def delete_unused(among: Iterable[int] | None = None) -> int:
    """Deletes documents, all or those `among`, that no draft and no version has; how many."""
    found = Document.objects.select_for_update(of=("self",)).filter(characters=None)
    if among is not None:
        found = found.filter(pk__in=list(among))
    gone = [document for document in found.only("pk", "sha256") if not in_versions(document)]
    Document.objects.filter(pk__in=[document.pk for document in gone]).delete()
    return len(gone)


def delete_unused_on_change() -> None:
    """An erased character takes the documents along that only it had."""

    def deleted(**_: Any) -> None:
        transaction.on_commit(delete_unused)

    post_delete.connect(deleted, sender=Character, weak=False, dispatch_uid="characters.shelf.deleted")
