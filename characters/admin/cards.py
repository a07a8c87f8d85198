"""Card admin: cards are imported by dragging files onto the list, exported from a menu."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

from characters import cards
from characters.cards import card_limits
from characters.exceptions import CardRefused
from characters.models import Character

MOST_FILES = 50  # of one drop


class Cards:
    """Mixed into the character's admin."""

    admin_site: Any

    def card_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("import/", wrap(require_POST(self.import_cards)), name="characters_character_import"),
            path("<int:pk>/export/", wrap(require_GET(self.export_card)), name="characters_character_export"),
        ]

    def import_cards(self, request: HttpRequest) -> HttpResponse:
        """Takes the files of one drop; answers what became of each."""
        if not request.user.has_perm("characters.add_character"):
            raise PermissionDenied
        report = []
        for file in request.FILES.getlist("cards")[:MOST_FILES]:
            outcome: dict[str, Any] = {"file": file.name}
            try:
                if (file.size or 0) > card_limits.FILE_BYTES:
                    raise CardRefused(f"The file is larger than {card_limits.FILE_BYTES // 1024 // 1024} MB.")
                card = cards.read(file.read())
                character = cards.store(card)
                self.log_addition(request, character, "Imported a card.")  # type: ignore[attr-defined]
                outcome |= {
                    "name": character.name,
                    "url": reverse("admin:characters_character_change", args=[character.pk]),
                    "notes": card.notes,
                }
            except CardRefused as error:
                outcome["error"] = str(error)
            report.append(outcome)
        return JsonResponse({"cards": report})

    def export_card(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft as a card: `?format=` one of FORMATS, `?private=0` to leave out what is private."""
        if not request.user.has_perm("characters.view_character"):
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        form = request.GET.get("format", "v3-png")
        if form not in cards.FORMATS:
            raise Http404
        exported = cards.export(character, form, private=request.GET.get("private") != "0")
        for note in exported.notes:
            self.message_user(request, note, "WARNING")  # type: ignore[attr-defined]
        return HttpResponse(
            exported.data,
            content_type=exported.content_type,
            headers={"Content-Disposition": f'attachment; filename="{exported.name}"'},
        )
