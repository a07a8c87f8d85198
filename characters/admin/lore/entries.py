"""Entries at the desk: the list, one entry's page, and its saving, each with its own revision.

The pages work without a script; the script asks the same addresses for JSON.
"""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from characters import content
from characters.admin.lore import actions, owners, rows
from characters.admin.lore.form import Difference, LoreForm, differences
from characters.admin.request_values import number
from characters.models import LoreEntry

FRAGMENT = "fragment"  # in the query: the form alone, without the page around it


def wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


class LoreEditor:
    """Mixed into the admin of a character, and of a shared lorebook."""

    admin_site: Any
    opts: Any
    model: Any

    def lore_urls(self) -> list[URLPattern]:
        def at(address: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:pk>/lore/{address}", self.admin_site.admin_view(view), name=self.lore_name(name)
            )

        return [
            at("", require_GET(self.lore_list), "list"),
            at("rows/", require_GET(self.lore_rows), "rows"),
            at("do/", require_POST(self.lore_do), "do"),
            at("new/", self.lore_entry, "new"),
            at("<int:entry>/", self.lore_entry, "entry"),
        ]

    def lore_name(self, name: str) -> str:
        return f"characters_{self.opts.model_name}_lore_{name}"

    def lore_address(self, name: str, *args: int) -> str:
        return reverse(f"admin:{self.lore_name(name)}", args=args)

    def lore_context(self, request: HttpRequest, owner: owners.Owner) -> dict[str, Any]:
        """What the template `lore/section.html` needs."""
        return {
            "lore_owner": owner,
            "lore_may_change": request.user.has_perm(owners.CHANGE),
            "lore_addresses": {
                **{name: self.lore_address(name, owner.pk) for name in ("list", "rows", "do", "new")},
                "entry": self.lore_address("entry", owner.pk, 0),
            },
        }

    def lore_list(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The entries on a page of their own."""
        owner = owners.owner_of(request, self.model, pk, owners.VIEW)
        text, begin = request.GET.get("q", ""), number(request.GET.get("from", ""))
        page = rows.page_of(owner, text, begin)
        said = gettext("The lorebook of %(name)s") % {"name": owner}
        context = {"page": page, "query": text, "begin": begin, "title": said}
        return self._lore_page(request, "list.html", owner, context)

    def _lore_page(
        self, request: HttpRequest, template: str, owner: owners.Owner, context: dict[str, Any]
    ) -> HttpResponse:
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back": reverse(f"admin:characters_{self.opts.model_name}_change", args=[owner.pk]),
            **self.lore_context(request, owner),
            **context,
        }
        return render(request, f"admin/characters/lore/{template}", whole)

    def lore_rows(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Rows as JSON: `?q=` a search, `?from=` where to begin, `?count=` how many."""
        owner = owners.owner_of(request, self.model, pk, owners.VIEW)
        count = number(request.GET.get("count", "")) or rows.PAGE
        begin = number(request.GET.get("from", ""))
        return JsonResponse(asdict(rows.page_of(owner, request.GET.get("q", ""), begin, count)))

    @transaction.atomic
    def lore_do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One of the actions on several entries, see `actions`."""
        owner = owners.owner_of(request, self.model, pk, owners.CHANGE, lock=True)
        outcome = actions.do(owner, request.POST)
        if outcome.changed:
            owners.changed(owner)
            self.log_change(request, owner, outcome.log)  # type: ignore[attr-defined]
        return JsonResponse(
            {"said": outcome.said, "undo": outcome.undo, "open": outcome.open}, status=outcome.status
        )

    @transaction.atomic
    def lore_entry(self, request: HttpRequest, pk: int, entry: int = 0) -> HttpResponse:
        """An entry's form, `entry` 0 for a new one; a save that is refused comes back with both texts."""
        saving = request.method == "POST"
        permission = owners.CHANGE if saving or not entry else owners.VIEW
        owner = owners.owner_of(request, self.model, pk, permission, lock=saving)
        row = content.rows_of(owner).filter(pk=entry).first() if entry else LoreEntry()
        if row is None:
            return self._gone(request, owner)
        if not saving:
            return self._entry_page(request, owner, LoreForm(instance=row), row)
        form = LoreForm(request.POST, instance=row)
        if not entry and content.rows_of(owner).count() >= owners.MOST_ENTRIES:
            form.add_error(None, actions.too_many())
        conflict: list[Difference] = []
        if entry and number(request.POST.get("revision", "")) != row.revision:
            conflict = differences(form, LoreForm(instance=LoreEntry.objects.get(pk=row.pk)))
        if conflict or not form.is_valid():
            stored = LoreEntry.objects.get(pk=row.pk) if entry else row
            return self._entry_page(request, owner, form, stored, conflict)
        if not entry or form.has_changed():
            self._save(request, owner, form)
        return self._saved(request, owner, form.instance)

    def _save(self, request: HttpRequest, owner: owners.Owner, form: LoreForm) -> None:
        row = form.instance
        if row.pk:
            row.revision += 1
        else:
            row.order = rows.at_the_end(owner)
            for name, value in content.owned_by(owner).items():
                setattr(row, name, value)
        form.save()
        owners.changed(owner)
        self.log_change(request, owner, f"Saved “{row}” of the lorebook.")  # type: ignore[attr-defined]

    def _saved(self, request: HttpRequest, owner: owners.Owner, row: LoreEntry) -> HttpResponse:
        said = gettext("“%(name)s” is saved.") % {"name": row}
        if wants_json(request):
            return JsonResponse({"row": asdict(rows.row_of(row)), "said": said})
        self.message_user(request, said, "SUCCESS")  # type: ignore[attr-defined]
        return redirect(self.lore_address("list", owner.pk))

    def _gone(self, request: HttpRequest, owner: owners.Owner) -> HttpResponse:
        """Somebody has deleted it: what was typed may become a new entry."""
        if not request.user.has_perm(owners.CHANGE):
            raise PermissionDenied
        said = gettext("Somebody has deleted this entry meanwhile. Saved now, it becomes a new one.")
        form = LoreForm(request.POST) if request.method == "POST" else LoreForm()
        return self._entry_page(request, owner, form, LoreEntry(), said=said, status=410)

    def _entry_page(
        self,
        request: HttpRequest,
        owner: owners.Owner,
        form: LoreForm,
        row: LoreEntry,
        conflict: list[Difference] | None = None,
        *,
        said: str = "",
        status: int = 200,
    ) -> HttpResponse:
        if conflict:
            status = 409
            said = gettext(
                "Somebody else has saved this entry meanwhile. Nothing of yours is lost: "
                "take over what you want of theirs, then save again."
            )
        elif form.is_bound and form.errors and status == 200:
            status = 400
        context = {
            "form": form,
            "row": row,
            "conflict": conflict or [],
            "said": said,
            "action": self.lore_address("entry", owner.pk, row.pk)
            if row.pk
            else self.lore_address("new", owner.pk),
            "title": str(row) if row.pk else gettext("A new entry"),
        }
        fragment = FRAGMENT in request.GET or wants_json(request)
        answer = self._lore_page(request, "form.html" if fragment else "entry.html", owner, context)
        answer.status_code = status
        return answer
