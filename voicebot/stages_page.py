"""The operators' page of the three stages: who serves each, whether its server answers, and a trial of it."""

import base64
from dataclasses import replace
from typing import Any, cast

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from characters.spec import CharacterSpec
from voicebot import runtime, stage_trials
from voicebot.providers import NoAnswer, ProviderError, provider_watch, registry

TITLES = {
    "stt": gettext_lazy("Ears: speech to text"),
    "llm": gettext_lazy("Mind: the language model"),
    "tts": gettext_lazy("Voice: text to speech"),
    "speech_to_speech": gettext_lazy("All three: speech to speech"),
}
SPEC = CharacterSpec(slug="trial", name="Greenroom")


class StagesPage:
    """Mixed into the admin of provider profiles."""

    admin_site: Any
    opts: Any

    def stages_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("stages/", wrap(require_safe(self.stages)), name="voicebot_stages"),
            path("stages/try/", wrap(require_POST(self.try_one)), name="voicebot_stages_try"),
        ]

    def stages(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Stages"),
            "may_try": self.has_change_permission(request),  # type: ignore[attr-defined]
            "stages": [self._stage(request, stage) for stage in registry.STAGES] + self._whole(request),
        }
        return render(request, "admin/stages.html", context)

    def _whole(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Speech to speech, if any character or profile has it."""
        shown = self._stage(request, registry.SPEECH_TO_SPEECH)
        return [shown] if shown["served"] else []

    def _stage(self, request: HttpRequest, stage: registry.Stage) -> dict[str, Any]:
        watch = runtime.of_request(request).provider_watch
        roles = {name: _("in use") for name in registry.built_in(stage)}
        if stage != registry.SPEECH_TO_SPEECH:
            roles = {settings.STAGE_FALLBACKS[stage]: _("takes over"), registry.name_for(stage): _("in use")}
        return {
            "stage": stage,
            "title": TITLES[stage],
            "served": [
                {
                    "name": name,
                    "role": roles.get(name, _("profile")),
                    "address": provider_watch.public(url) if url else "",
                    "cause": watch.cause(url),
                    "missing": self._missing(stage, name),
                }
                for name, url in provider_watch.serving(stage).items()
            ],
        }

    @staticmethod
    def _missing(stage: registry.Stage, name: str) -> list[str]:
        """What a provider's parts on this machine lack, a line each."""
        if name not in registry.BUILT_IN:
            return []
        try:
            found = registry.provider(name)
        except ProviderError as error:
            return [str(error)]
        return found.missing(stage) if isinstance(found, registry.RunsHere) else []

    def try_one(self, request: HttpRequest) -> HttpResponse:
        """Tries a stage with one of its providers. It may cost what a sentence costs."""
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        stage, name = cast(registry.Stage, request.POST.get("stage", "")), request.POST.get("name", "")
        if stage not in TITLES or name not in provider_watch.serving(stage):
            raise Http404
        own: Any = {f"{stage}_provider": name}
        spec = replace(SPEC, **own)
        try:
            by = {
                each: registry.factory(each, registry.name_for(each, spec))
                for each in stage_trials.NEEDS[stage]
            }
            trial = async_to_sync(stage_trials.try_stage)(stage, by, spec)
        except (ProviderError, NoAnswer) as error:
            return JsonResponse({"error": str(error)}, status=502)
        return JsonResponse(
            {
                "words": trial.words,
                "firstSecs": round(trial.first_secs, 2),
                "secs": round(trial.secs, 2),
                "wav": base64.b64encode(trial.wav).decode(),
            }
        )
