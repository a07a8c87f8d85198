"""The page itself: what the server can try by itself, and the two ends of what the browser tries."""

import dataclasses
import json
from typing import Any

from asgiref.sync import async_to_sync
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from sessions_app.exceptions import SessionError
from sessions_app.network import address_of_request
from voicebot import runtime
from voicebot.line_page import trial_call
from voicebot.line_page.words import words_of_steps
from voicebot.transport import Calls, OfferError, check_line


class LinePage:
    """Mixed into the admin of provider profiles, whose permissions say who sees it, and who may try."""

    admin_site: Any
    opts: Any

    def line_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("line/", wrap(require_safe(self.line)), name="voicebot_line"),
            path("line/server/", wrap(require_POST(self.line_from_server)), name="voicebot_line_server"),
            path("line/offer/", wrap(require_POST(self.line_offer)), name="voicebot_line_offer"),
        ]

    def line(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Calls"),
            "may_try": self.has_change_permission(request),  # type: ignore[attr-defined]
            "offered": runtime.of_request(request).calls.offered,
            "words": words_of_steps(),
            "tones": {"sent": trial_call.HEARD_HZ, "heard": trial_call.TONE_HZ},
            "address": address_of_request(request),
        }
        return render(request, "admin/line.html", context)

    def _calls_for(self, request: HttpRequest) -> Calls:
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        return runtime.of_request(request).calls

    def line_from_server(self, request: HttpRequest) -> HttpResponse:
        """The steps of `manage.py check_line`, and the servers that the browser is to try."""
        calls = self._calls_for(request)

        async def tried() -> list[dict[str, Any]]:
            found = check_line(calls.network, calls.ice_servers, offered=calls.offered)
            return [dataclasses.asdict(step) async for step in found]

        servers = calls.ice_servers.for_client("check") if calls.offered else []
        answer = {"steps": async_to_sync(tried)(), "iceServers": servers}
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})

    def line_offer(self, request: HttpRequest) -> HttpResponse:
        """Answers the offer of a trial: the call is held by this process, for some seconds."""
        calls = self._calls_for(request)
        if not calls.offered:
            return JsonResponse({"error": _("There are no calls here.")}, status=409)
        try:
            sdp = json.loads(request.body)["sdp"]
            answer = async_to_sync(trial_call.begin)(calls, str(sdp), address_of_request(request))
        except (ValueError, KeyError, TypeError) as error:  # OfferError among them
            said = str(error) if isinstance(error, OfferError) else _("no offer")
            return JsonResponse({"error": said}, status=400)
        except SessionError as error:
            return JsonResponse({"error": str(error)}, status=error.status)
        return JsonResponse({"sdp": answer}, headers={"Cache-Control": "no-store"})
