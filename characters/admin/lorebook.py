"""Lorebooks of their own at the desk: a file's entries into a draft, a draft's lorebook as a file."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from characters.cards import card_limits, lorebooks
from characters.exceptions import CardRefused
from characters.models import Character


class LorebookForm(forms.Form):
    file = forms.FileField(
        label="Lorebook",
        help_text="JSON: SillyTavern's world info, lorebook_v3, NovelAI, Agnai or RisuAI.",
    )
    replace = forms.BooleanField(
        required=False, label="Instead of the entries that are there, not after them"
    )


class LorebookFiles:
    """Mixed into the character's admin."""

    admin_site: Any
    opts: Any

    def lorebook_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/lorebook/", wrap(self.lorebook_file), name="characters_character_lorebook"),
            path(
                "<int:pk>/lorebook/export/",
                wrap(require_GET(self.export_lorebook)),
                name="characters_character_lorebook_export",
            ),
        ]

    def lorebook_file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page to bring a file in, and to save the lorebook as one."""
        if not request.user.has_perm("characters.view_character"):
            raise PermissionDenied
        may_change = request.user.has_perm("characters.change_character")
        if request.method == "POST" and not may_change:
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        form = LorebookForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                book = lorebooks.read(file.read(card_limits.FILE_BYTES + 1))
                notes = lorebooks.add_to(character, book, replace=form.cleaned_data["replace"])
            except CardRefused as error:
                form.add_error("file", str(error))
            else:
                said = f"{len(book.entries)} entries of a lorebook ({book.kind}) are in the draft now."
                self.log_change(request, character, said)  # type: ignore[attr-defined]
                self.message_user(request, said, "SUCCESS")  # type: ignore[attr-defined]
                for note in notes:
                    self.message_user(request, note, "WARNING")  # type: ignore[attr-defined]
                return redirect("admin:characters_character_change", character.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "character": character,
            "title": f"The lorebook of {character.name} as a file",
            "form": form if may_change else None,
        }
        return render(request, "admin/characters/lorebook.html", context)

    def export_lorebook(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft's lorebook: `?format=` one of FORMATS, `?private=0` to leave out what is private."""
        if not request.user.has_perm("characters.view_character"):
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        form = request.GET.get("format", lorebooks.FORMATS[0])
        if form not in lorebooks.FORMATS:
            raise Http404
        data = lorebooks.export(character, form, private=request.GET.get("private") != "0")
        name = f"{character.slug}-{form}.json"
        return HttpResponse(
            data,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
