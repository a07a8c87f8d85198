"""What visitors asked and nobody had written: read from sealed turns, with permission and on the record."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import formats, timezone
from django.utils.translation import gettext, gettext_noop, ngettext
from django.views.decorators.http import require_POST

from characters import content
from characters.models import Character
from sessions_app.conversations import talks_lately
from sessions_app.manager import SyncSessionManager
from sessions_app.stores import get_store
from voicebot.repertoire import Said, Unwritten, drafts, unwritten

READ = gettext_noop("Read what was asked in it and nobody had written.")  # of the admin's log, in English


class UnwrittenPage:
    """Mixed into the admin of provider profiles; the character's page asks it."""

    admin_site: Any

    def unwritten_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.unwritten))
        return [path("unwritten/<int:pk>/", view, name="voicebot_unwritten")]

    def unwritten(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The questions, as JSON; each conversation that is opened leaves an entry, as a transcript does."""
        allowed = ("characters.change_character", "sessions_app.read_transcript")
        if not request.user.has_perms(allowed):
            raise PermissionDenied
        character = get_object_or_404(Character, pk=pk)
        if not get_store().in_rows:
            said = gettext("Conversations are not kept in the database here: there is nothing to list.")
            return JsonResponse({"error": said}, status=409)
        talks = list(talks_lately(SyncSessionManager(), character.slug))
        for talk in talks:
            LogEntry.objects.log_actions(
                request.user.pk or 0, [talk.session], CHANGE, READ, single_object=True
            )
        said_in = [
            [Said(turn.role == "user", turn.text, turn.created_at) for turn in talk.turns] for talk in talks
        ]
        found = unwritten(content.draft_spec(character), said_in, drafts())
        count = len(talks)
        told = ngettext(
            "From %(count)d conversation of the last 30 days.",
            "From the last %(count)d conversations of the last 30 days.",
            count,
        )
        answer = {"told": told % {"count": count}, "questions": [_shown(one) for one in found]}
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _shown(one: Unwritten) -> dict[str, Any]:
    day = formats.date_format(timezone.localtime(one.last_at), "DATE_FORMAT")
    often = ngettext("asked once, on %(day)s", "asked %(count)d times, last on %(day)s", one.count)
    return {"wordings": one.wordings, "often": often % {"count": one.count, "day": day}}
