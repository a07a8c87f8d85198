"""Unsaved text: what is typed in a character's form is kept as it is typed, and who else has it open is told.

The page sends its fields a moment after the last key, and a sign of life every 20 s. What is kept comes back
when the form is opened again, and goes when it is saved or given up.
"""

import base64
import json
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_POST

from characters.admin.editing.stale_saves import MOST_SEEN, SEEN, last_save, seen_by
from characters.admin.request_values import json_of, number
from characters.models import Character, OpenForm
from characters.portraits import square, validate_portrait
from characters.text import cleaned

FORM = "_form"  # which page it was that sent something
SAVED = "desk_saved"  # in the login's session: pages that were saved last
MOST_SAVED = 20
OPEN_SECS = 60  # after its last sign of life a form counts as closed
MOST_CHARACTERS = 2_000_000  # of one form, as JSON


def others_at(character: Character | None, user: Any) -> list[str]:
    """The names of those who have a character's form open besides this editor."""
    if character is None:
        return []
    since = timezone.now() - timedelta(seconds=OPEN_SECS)
    found = OpenForm.objects.filter(character=character, open_at__gt=since).exclude(user=user)
    return [account_name(form.user) for form in found.select_related("user")]


def account_name(user: Any) -> str:
    """What others see of an account. A project's own user model need not know full names."""
    full_name = getattr(user, "get_full_name", str)()
    return str(full_name or user.get_username())


def saved(user: Any, character: Character | None) -> None:
    """What this editor had typed is saved, or given up."""
    OpenForm.objects.filter(user=user, character=character).update(
        kept_at=None, fields="[]", seen="{}", portrait=None
    )


class Unsaved:
    """Mixed into the character's admin, before Django's."""

    admin_site: Any

    def unsaved_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.keep))
        return [path("unsaved/", view, name="characters_character_unsaved")]

    def _may_write(self, request: HttpRequest, character: Character | None) -> bool:
        return bool(
            self.has_change_permission(request, character)  # type: ignore[attr-defined]
            if character
            else self.has_add_permission(request)  # type: ignore[attr-defined]
        )

    def keep(self, request: HttpRequest) -> HttpResponse:
        """Keeps what is typed (`fields`, `portrait`), or notes that the form is open; answers who else is.

        `close` says that the page is left, `discard` that what was kept is given up.
        """
        pk = request.POST.get("_character", "")
        character = get_object_or_404(Character, pk=number(pk)) if pk else None
        if not self._may_write(request, character):
            raise PermissionDenied
        now = timezone.now()
        row, _made = OpenForm.objects.get_or_create(user_id=request.user.pk or 0, character=character)
        row.open_at = None if "close" in request.POST else now
        changed = ["open_at"]  # a sign of life writes nothing over what is typed, or saved, meanwhile
        if "discard" in request.POST:
            saved(request.user, character)
            row.refresh_from_db(fields=["kept_at", "fields", "seen", "portrait"])
        if "fields" in request.POST and request.POST.get(FORM) not in request.session.get(SAVED, ()):
            try:
                row.fields, row.seen = (
                    _fields(request.POST["fields"]),
                    cleaned(request.POST.get(SEEN, ""))[:MOST_SEEN] or "{}",
                )
                if file := request.FILES.get("portrait"):
                    validate_portrait(file)
                    row.portrait = square(file.read()).read()
                    changed.append("portrait")
                row.kept_at = now
                changed += ["fields", "seen", "kept_at"]
            except ValidationError as error:
                return JsonResponse({"error": " ".join(error.messages)}, status=400)
        row.save(update_fields=changed)
        return JsonResponse(
            {
                "kept_at": row.kept_at and row.kept_at.isoformat(),
                "others": others_at(character, request.user),
                "changed": self._changed(request, character),
            }
        )

    def _changed(self, request: HttpRequest, character: Character | None) -> str:
        """Who has saved since this form was opened; empty if nobody has."""
        seen = request.POST.get(SEEN, "")
        if not seen or character is None or seen == self._seen_now(request, character):
            return ""
        last = last_save(character)
        return str(last.user) if last else "?"

    def _seen_now(self, request: HttpRequest, character: Character | None) -> str:
        fields = self.get_form(request, character, change=True)  # type: ignore[attr-defined]
        form = fields(instance=character)
        return json.dumps(seen_by(form))

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        """Adds what is kept of this form, and who else has it open."""
        character = kwargs.get("obj")
        if self._may_write(request, character):
            row = OpenForm.objects.filter(user_id=request.user.pk, character=character).first()
            bound = context["adminform"].form.is_bound
            kept = row if row and row.kept_at else None
            context["unsaved"] = {
                "others": others_at(character, request.user),
                "bound": bound,
                "saved": request.session.get(SAVED, []),
                # In the tab, for when the server is away; not for whoever signs in there next.
                "place": f"desk:{request.user.pk}:{character.pk if character else 'new'}",
                "kept": kept
                and {
                    "at": kept.kept_at.isoformat(),  # type: ignore[union-attr]
                    "fields": json.loads(kept.fields),
                    "seen": kept.seen,
                    "stale": bool(character)
                    and not bound
                    and kept.seen != self._seen_now(request, character),
                    "portrait": base64.b64encode(kept.portrait).decode() if kept.portrait else "",
                },
            }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        saved(request.user, form.instance if change else None)
        if page := request.POST.get(FORM, "")[:40]:
            request.session[SAVED] = [*request.session.get(SAVED, []), page][-MOST_SAVED:]


def _fields(text: str) -> str:
    """Names and values of a form, as JSON. Raises ValidationError."""
    found = json_of(text) if len(text) <= MOST_CHARACTERS else None
    pairs = isinstance(found, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        for pair in found
    )
    if not pairs:
        raise ValidationError("The fields are a list of names and values.")
    return json.dumps(found)
