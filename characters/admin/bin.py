"""The bin at the desk: what is deleted can be brought back; and copies of what is there."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from characters.models import Character
from characters.versions import bin, duplicate

BINNED = "binned"  # the state that the list's filter asks for


class Bin:
    """Mixed into the character's admin, before Django's."""

    admin_site: Any
    delete_confirmation_template = "admin/characters/delete.html"
    delete_selected_confirmation_template = "admin/characters/delete.html"

    def bin_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<int:pk>/restore/", wrap(self.restore), name="characters_character_restore"),
            path("<int:pk>/duplicate/", wrap(self.duplicate), name="characters_character_duplicate"),
        ]

    # --- into it ---

    def has_delete_permission(self, request: HttpRequest, obj: Character | None = None) -> bool:
        may = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return bool(may) and (obj is None or obj.binned_at is None)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[str], dict, set, list]:
        """Nothing is deleted yet, so that nothing stands in the way."""
        return [str(character) for character in objs], {}, set(), []

    def delete_model(self, request: HttpRequest, obj: Character) -> None:
        bin.put(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Character]) -> None:
        for character in queryset:
            bin.put(character)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        said = ngettext(
            "{} is in the bin, for {} day. <a href='{}'>Look into it</a>",
            "{} is in the bin, for {} days. <a href='{}'>Look into it</a>",
            bin.BIN_DAYS,
        )
        changelist = reverse("admin:characters_character_changelist")
        told = format_html(said, obj_display, bin.BIN_DAYS, f"{changelist}?state={BINNED}")
        self.message_user(request, told)  # type: ignore[attr-defined]
        return redirect(changelist)

    def response_change(self, request: HttpRequest, obj: Character) -> HttpResponse:
        """Saved while somebody deleted it: the form again, where it is brought back."""
        if obj.binned_at is None:
            return super().response_change(request, obj)  # type: ignore[misc]
        said = _("%(name)s is in the bin: somebody has deleted it. What you saved is kept with it.")
        self.message_user(request, said % {"name": obj.name}, "WARNING")  # type: ignore[attr-defined]
        return redirect("admin:characters_character_change", obj.pk)

    # --- out of it ---

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        if request.GET.get("state") == BINNED:
            return {name: act for name, act in actions.items() if name == "restore_selected"}
        actions.pop("restore_selected", None)
        return actions

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("characters.delete_character") or request.user.has_perm(
            "characters.change_character"
        )

    @admin.action(description=gettext_lazy("Bring the selected characters back"), permissions=["restore"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Character]) -> None:
        for character in queryset:
            self._restored(request, character)
        count = len(queryset)
        said = ngettext("%d brought back, as a draft.", "%d brought back, as drafts.", count)
        self.message_user(request, said % count)  # type: ignore[attr-defined]

    def _restored(self, request: HttpRequest, character: Character) -> None:
        if bin.restore(character):
            self.log_change(request, character, "Brought back.")  # type: ignore[attr-defined]

    def restore(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_restore_permission(request):
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        self._restored(request, character)
        self.message_user(request, _("%(name)s is back, as a draft.") % {"name": character.name})  # type: ignore[attr-defined]
        return redirect("admin:characters_character_change", pk)

    # --- copies ---

    def duplicate(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new draft with the same content; its form."""
        if not request.user.has_perm("characters.add_character"):
            raise PermissionDenied
        twin = duplicate(get_object_or_404(Character, pk=pk, binned_at=None))
        self.log_addition(request, twin, "Copied.")  # type: ignore[attr-defined]
        self.message_user(request, _("This is the copy, a draft. The other stays as it is."))  # type: ignore[attr-defined]
        return redirect("admin:characters_character_change", twin.pk)
