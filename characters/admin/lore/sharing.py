"""Which shared lorebooks a character uses, and in which order."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from characters import content
from characters.admin.lore import owners
from characters.admin.lore.entries import FRAGMENT
from characters.admin.request_values import number
from characters.models import Character, Lorebook, SharedLorebook
from characters.versions import publishing


class Sharing:
    """Mixed into the character's admin."""

    admin_site: Any
    opts: Any

    def sharing_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.share))
        return [path("<int:pk>/lore/books/", view, name="characters_character_lore_books")]

    def sharing_context(self, request: HttpRequest, character: Character) -> dict[str, Any]:
        """What the template `lore/books.html` needs."""
        uses = SharedLorebook.objects.filter(character=character).select_related("book")
        used = uses.annotate(entries=Count("book__entries")).order_by("order", "pk")
        return {
            "lore_owner": character,
            "lore_may_change": request.user.has_perm(owners.CHANGE),
            "lore_books": used,
            "lore_other_books": Lorebook.objects.exclude(characters=character),
        }

    @transaction.atomic
    def share(self, request: HttpRequest, pk: int) -> HttpResponse:
        """`add`, `remove`, `up` or `down` with the number of a book."""
        if not request.user.has_perm("characters.change_character"):
            raise PermissionDenied
        character = owners.owner_of(request, Character, pk, owners.CHANGE, lock=True)
        uses = SharedLorebook.objects.filter(character=character).select_related("book")
        books = [use.book for use in uses]
        was = list(books)
        book = Lorebook.objects.filter(pk=number(request.POST.get("book", ""))).first()
        if book is not None:
            arranged(books, book, request.POST.get("do", ""))
        if books != was:
            content.share(character, books)
            publishing.changed_draft(character)
            said = f"Shared lorebooks: {', '.join(map(str, books)) or 'none'}."
            self.log_change(request, character, said)  # type: ignore[attr-defined]
        if FRAGMENT in request.GET:
            context = self.sharing_context(request, character)
            return render(request, "admin/characters/lore/books.html", context)
        return redirect(reverse("admin:characters_character_lore_list", args=[pk]))


def arranged(books: list[Lorebook], book: Lorebook, do: str) -> None:
    """Changes the list as it is asked to."""
    if do == "add" and book not in books:
        books.append(book)
    elif book in books:
        place = books.index(book)
        if do in ("remove", "up", "down"):
            books.remove(book)
        if do in ("up", "down"):
            books.insert(max(place + (1 if do == "down" else -1), 0), book)
