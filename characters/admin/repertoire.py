"""Repertoire box: which written exchange would answer a visitor, how surely, and what is said if none."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST

from characters import prompts, provider_choice
from characters.admin.rehearsal import conversation
from characters.spec import CharacterSpec
from characters.text import cleaned

VISITOR = {"name": "Robin"}  # as in the rehearsal
ASKED_CHARACTERS = 500
# From the surest down: in words, whatever the number is called.
CERTAINTIES = (
    (0.9, gettext_lazy("surely")),
    (0.8, gettext_lazy("very likely")),
    (0.55, gettext_lazy("likely")),
    (0.2, gettext_lazy("perhaps")),
    (0.0, gettext_lazy("hardly")),
)
SPEAKS = {
    "written": gettext_lazy("Said, as it is written"),
    "honest": gettext_lazy("Said, because the visitor asks whether a machine is there"),
    "told": gettext_lazy(
        "Said, because visitors ask it of themselves: what they have told, or that they have not"
    ),
    "again": gettext_lazy("Said again, because the visitor asks for it"),
    "fallback": gettext_lazy("Nothing fits well enough. Said instead, as it is written for that"),
    "house": gettext_lazy(
        "Nothing fits well enough, and nothing is written for that. Said in the house's words"
    ),
    "model": gettext_lazy("The language model answers in its own words."),
}
SHOWN = gettext_lazy("The language model answers in its own words, and sees the exchanges marked here.")


def certainty(sure: float) -> str:
    return next(str(words) for least, words in CERTAINTIES if sure >= least)


class RepertoireBox:
    """Mixed into the character's admin, beside the rehearsal."""

    admin_site: Any

    def repertoire_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.try_written))
        return [path("rehearse/written/", view, name="characters_character_written")]

    def try_written(self, request: HttpRequest) -> HttpResponse:
        """What would be said to `_asked`, after the conversation in `_talk`, by the form as it is typed."""
        spec: CharacterSpec = self._spec(request)  # type: ignore[attr-defined]
        asked = cleaned(request.POST.get("_asked", "").strip()[:ASKED_CHARACTERS])
        if not asked:
            return JsonResponse({"error": gettext("Write something first.")}, status=400)
        talk: list[prompts.Message] = [
            *conversation(request.POST.get("_talk", "")),
            {"role": "user", "content": asked},
        ]
        found = provider_choice.ask().written(spec, talk, VISITOR)
        fits = [
            {
                "first": fit.first,
                "nearest": fit.question if fit.question != fit.first else "",
                "answer": fit.answers[0],
                "more": len(fit.answers) - 1,
                "sure": round(100 * fit.sure),
                "words": certainty(fit.sure),
                "followsUp": fit.follows_up,
                "shown": found.speaks == "model" and at < found.shown,
            }
            for at, fit in enumerate(found.fits)
        ]
        speaks = SHOWN if found.speaks == "model" and found.shown else SPEAKS[found.speaks]
        answer = {"fits": fits, "speaks": str(speaks), "said": found.said, "byMeaning": found.by_meaning}
        return JsonResponse(answer, headers={"Cache-Control": "no-store"})
