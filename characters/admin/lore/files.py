"""Lorebooks as files at the desk: a file's entries into a lorebook, a lorebook as a file."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from characters.admin.lore import owners
from characters.cards import card_limits, lorebooks
from characters.exceptions import CardRefused
from characters.models import Character


class LorebookForm(forms.Form):
    file = forms.FileField(
        label=_("Lorebook"),
        help_text=_("JSON: SillyTavern's world info, lorebook_v3, NovelAI, Agnai or RisuAI."),
    )
    replace = forms.BooleanField(
        required=False, label=_("Instead of the entries that are there, not after them")
    )


class LorebookFiles:
    """Mixed into the admin of a character, and of a shared lorebook."""

    admin_site: Any
    opts: Any
    model: Any

    def lorebook_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/lorebook/", wrap(self.lorebook_file), name=self._file_name("lorebook")),
            path(
                "<int:pk>/lorebook/export/",
                wrap(require_GET(self.export_lorebook)),
                name=self._file_name("lorebook_export"),
            ),
        ]

    def _file_name(self, name: str) -> str:
        return f"characters_{self.opts.model_name}_{name}"

    @transaction.atomic
    def lorebook_file(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page to bring a file in, and to save the lorebook as one."""
        saving = request.method == "POST"
        owner = owners.owner_of(
            request, self.model, pk, owners.CHANGE if saving else owners.VIEW, lock=saving
        )
        form = LorebookForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                book = lorebooks.read(file.read(card_limits.FILE_BYTES + 1))
                notes = lorebooks.add_to(owner, book, replace=form.cleaned_data["replace"])
            except CardRefused as error:
                form.add_error("file", str(error))
            else:
                self._say(request, owner, book, notes)
                return redirect(f"admin:characters_{self.opts.model_name}_change", owner.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back": reverse(f"admin:characters_{self.opts.model_name}_change", args=[pk]),
            "export": reverse(f"admin:{self._file_name('lorebook_export')}", args=[pk]),
            "lore_owner": owner,
            "title": gettext("The lorebook of %(name)s as a file") % {"name": owner}
            if isinstance(owner, Character)
            else gettext("%(name)s as a file") % {"name": owner},
            "form": form if request.user.has_perm(owners.CHANGE) else None,
        }
        return render(request, "admin/characters/lore/file.html", context)

    def _say(self, request: HttpRequest, owner: owners.Owner, book: lorebooks.Book, notes: list[str]) -> None:
        words = {"count": len(book.entries), "kind": book.kind}
        if isinstance(owner, Character):
            said = gettext("%(count)d entries of a lorebook (%(kind)s) are in the draft now.") % words
        else:
            said = gettext("%(count)d entries of a lorebook (%(kind)s) are in this one now.") % words
        self.log_change(request, owner, said)  # type: ignore[attr-defined]
        self.message_user(request, said, "SUCCESS")  # type: ignore[attr-defined]
        for note in notes:
            self.message_user(request, note, "WARNING")  # type: ignore[attr-defined]

    def export_lorebook(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The lorebook: `?format=` one of FORMATS, `?private=0` to leave out what is private."""
        owner = owners.owner_of(request, self.model, pk, owners.VIEW)
        form = request.GET.get("format", lorebooks.FORMATS[0])
        if form not in lorebooks.FORMATS:
            raise Http404
        data = lorebooks.export(owner, form, private=request.GET.get("private") != "0")
        name = owner.slug if isinstance(owner, Character) else slugify(owner.name) or f"lorebook-{owner.pk}"
        return HttpResponse(
            data,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}-{form}.json"'},
        )
