"""The part of a character's page for its documents; its pages work without a script, too."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from characters import shelf
from characters.admin.request_values import number
from characters.models import Character, Document

FRAGMENT = "fragment"  # in the query: the list alone, without the page around it
VIEW, CHANGE = "characters.view_character", "characters.change_character"
PIECES_SHOWN = 40  # on one page
MOST_OTHERS = 200  # documents of other characters, to choose from
MEGABYTE = 1024 * 1024


class Documents:
    """Mixed into the character's admin."""

    admin_site: Any

    def document_urls(self) -> list[URLPattern]:
        def at(address: str, view: Any, name: str) -> URLPattern:
            return path(
                f"<int:pk>/documents/{address}",
                self.admin_site.admin_view(view),
                name=f"characters_character_documents{name}",
            )

        return [
            at("", require_http_methods(["GET", "POST"])(self.documents), ""),
            at("do/", require_POST(self.documents_do), "_do"),
            at("<int:document>/", require_GET(self.document_pieces), "_pieces"),
        ]

    def documents(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The list; posted files are given to the character, each refused one with a sentence."""
        adding = request.method == "POST"
        character = _character(request, pk, CHANGE if adding else VIEW)
        refused = []
        if adding:
            for file in request.FILES.getlist("documents"):
                name = str(file.name or "")
                try:
                    # One byte more than is allowed tells that there is more, however much that is.
                    data = file.read(shelf.most_bytes() + 1)
                    document = shelf.give(character, name, data, by=request.user)
                    self.log_change(request, character, f"Document {document.file_name}.")  # type: ignore[attr-defined]
                except shelf.DocumentRefused as error:
                    refused.append({"name": name, "sentence": str(error)})
        return self._answer(request, character, refused)

    def documents_do(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`add`, `remove` or `delete` with the number of a document."""
        character = _character(request, pk, CHANGE)
        document = (
            Document.objects.defer("original").filter(pk=number(request.POST.get("document", ""))).first()
        )
        do, refused = request.POST.get("do", ""), []
        mine = document is not None and character.documents.filter(pk=document.pk).exists()
        try:
            if document is None:
                pass
            elif do == "add":
                shelf.share(character, document)
                self.log_change(request, character, f"Document {document.file_name}.")  # type: ignore[attr-defined]
            elif do == "remove" and mine:
                shelf.take_away(character, document)
                self.log_change(request, character, f"No document {document.file_name}.")  # type: ignore[attr-defined]
            elif do == "delete" and mine:
                shelf.delete(document)
                self.log_change(request, character, f"Deleted the document {document.file_name}.")  # type: ignore[attr-defined]
        except shelf.DocumentRefused as error:
            refused.append({"name": str(document), "sentence": str(error)})
        return self._answer(request, character, refused)

    def document_pieces(self, request: HttpRequest, pk: int, document: int) -> HttpResponse:
        """What a document was read into, page by page: `?from=` the number of a piece."""
        character = _character(request, pk, VIEW)
        found = get_object_or_404(Document.objects.defer("original"), pk=document, characters=character)
        first = number(request.GET.get("from", ""))
        pieces = found.pieces.filter(order__gte=first).order_by("order").defer("vector")[:PIECES_SHOWN]
        context = {
            **self.admin_site.each_context(request),
            "character": character,
            "document": found,
            "pieces": pieces,
            "next": first + PIECES_SHOWN if first + PIECES_SHOWN < found.piece_count else None,
            "title": found.title,
        }
        return render(request, "admin/characters/documents/pieces.html", context)

    def _answer(
        self, request: HttpRequest, character: Character, refused: list[dict[str, str]]
    ) -> HttpResponse:
        if request.method == "POST" and FRAGMENT not in request.GET:
            for one in refused:
                self.message_user(request, f"{one['name']}: {one['sentence']}", "ERROR")  # type: ignore[attr-defined]
            return redirect(reverse("admin:characters_character_documents", args=[character.pk]))
        context = {**self.documents_context(request, character), "documents_refused": refused}
        if FRAGMENT in request.GET:
            answer = render(request, "admin/characters/documents/list.html", context)
            answer["Cache-Control"] = "no-store"
            return answer
        context |= {**self.admin_site.each_context(request), "character": character}
        context["title"] = _("Documents of %(name)s") % {"name": character.name}
        return render(request, "admin/characters/documents/page.html", context)

    def documents_context(self, request: HttpRequest, character: Character) -> dict[str, Any]:
        """What the templates of documents need."""
        mine = character.documents.defer("original").order_by("pk").prefetch_related("characters")
        others = Document.objects.defer("original").exclude(characters=character)
        usable = others.filter(~Q(state=Document.State.FAILED)).order_by("title")
        rows = [_row(document, character) for document in mine]
        return {
            "documents_owner": character,
            "documents": rows,
            "documents_busy": any(row["busy"] for row in rows),
            "documents_others": list(usable[:MOST_OTHERS]),
            "documents_may_change": request.user.has_perm(CHANGE),
            "documents_megabytes": shelf.most_bytes() // MEGABYTE,
            "documents_room": shelf.room(character),
        }


def _row(document: Document, character: Character) -> dict[str, Any]:
    others = [one.name for one in document.characters.all() if one.pk != character.pk]
    busy = document.state in (Document.State.WAITING, Document.State.EMBEDDING)
    return {"document": document, "busy": busy, "others": ", ".join(others)}


def _character(request: HttpRequest, pk: int, permission: str) -> Character:
    """Raises PermissionDenied, Http404."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return get_object_or_404(Character, pk=pk)
