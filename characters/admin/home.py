"""The first page of the admin, for who writes: the characters that were changed last, and how they stand."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from characters.models import Character

MOST = 8


def state_of(character: Character) -> tuple[str, str]:
    """How a character stands: draft, live or changed, and that in words. Its published version is read."""
    if character.published is None:
        return "draft", _("not on stage")
    if character.published.digest == character.digest:
        return "live", _("on stage")
    return "changed", _("changes to publish")


def drafts_for(request: HttpRequest) -> dict[str, Any]:
    """What the page's template shows of them: `drafts` and `may_write`; nothing for who may not see them."""
    if not request.user.has_perm("characters.view_character"):
        return {}
    found = Character.objects.filter(binned_at=None).select_related("published").order_by("-updated_at")
    drafts = list(found.only("name", "updated_at", "digest", "published__digest")[:MOST])
    for draft in drafts:
        _kind, draft.state = state_of(draft)  # type: ignore[attr-defined]
    return {"drafts": drafts, "may_write": request.user.has_perm("characters.add_character")}
