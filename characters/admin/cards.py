"""Card admin: files are imported by dragging them onto the list, exported from a menu."""

import json
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from characters import addresses, cards, catalog
from characters.admin.request_values import number
from characters.cards import card_limits
from characters.exceptions import CardRefused
from characters.models import Character

NEW, UPDATE = "new", "update:"
NOTES = "X-Card-Notes"  # of an answer: what the file does not hold, as JSON, percent-encoded
NOTES_SHOWN = "X-Shows-Notes"  # of a request: it comes from a script that shows them


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
        """Takes the files of one drop; answers what became of each.

        A card of a name that is there already is a question, unless `choice` says what to do: `new`, at
        `address` if it is given, or `update:` with the number of the character.
        """
        if not request.user.has_perm("characters.add_character"):
            raise PermissionDenied
        choice, address = request.POST.get("choice", ""), request.POST.get("address", "").strip()
        report = []
        for file in request.FILES.getlist("cards"):
            try:
                outcome = self._take(request, file, choice, address)
            except CardRefused as error:
                outcome = {"error": str(error)}
            report.append({"file": file.name, **outcome})
        return JsonResponse({"cards": report})

    def _take(self, request: HttpRequest, file: UploadedFile, choice: str, address: str) -> dict[str, Any]:
        """What became of one file. Raises CardRefused."""
        card = cards.read(file.read(card_limits.FILE_BYTES + 1))
        if address and not catalog.SLUG.fullmatch(address):
            raise CardRefused(_("An address has letters, digits, - and _ only, and 50 of them at most."))
        same = cards.namesakes(card) if not choice else []
        if same:
            return {
                "question": {
                    "name": card.name,
                    "address": addresses.free(card.name),
                    "characters": [{"pk": one.pk, "name": one.name, "address": one.slug} for one in same],
                }
            }
        if choice.startswith(UPDATE):
            if not request.user.has_perm("characters.change_character"):
                raise PermissionDenied
            there = Character.objects.filter(pk=number(choice.removeprefix(UPDATE))).first()
            if there is None:
                raise CardRefused(_("That character is not there any more."))
            character = cards.update(card, there)
            self.log_change(request, character, "Updated by a card.")  # type: ignore[attr-defined]
        else:
            character = cards.store(card, address)
            self.log_addition(request, character, "Imported a card.")  # type: ignore[attr-defined]
        return {
            "name": character.name,
            "address": character.slug,
            "updated": choice.startswith(UPDATE),
            "url": reverse("admin:characters_character_change", args=[character.pk]),
            "report": card.report.as_json(),
            "notes": card.notes,
        }

    def export_card(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The draft as a card: `?format=` one of FORMATS, `?private=0` to leave out what is private."""
        if not request.user.has_perm("characters.view_character"):
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        form = request.GET.get("format", "v3-png")
        if form not in cards.FORMATS:
            raise Http404
        exported = cards.export(character, form, private=request.GET.get("private") != "0")
        headers = {"Content-Disposition": f'attachment; filename="{exported.name}"'}
        if exported.notes and NOTES_SHOWN in request.headers:
            # The page that saves the file says them at once.
            headers[NOTES] = quote(json.dumps(exported.notes))
        else:
            for note in exported.notes:
                self.message_user(request, note, "WARNING")  # type: ignore[attr-defined]
        return HttpResponse(exported.data, content_type=exported.content_type, headers=headers)
