"""Draft chat: the draft answers in writing beside its form, as it is typed. Nothing is saved of it."""

import json
from collections.abc import AsyncIterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from characters import prompts, provider_choice
from characters.admin.request_values import json_of
from characters.exceptions import CharacterError
from characters.spec import CharacterSpec
from characters.text import cleaned

VISITOR = {"name": "Robin"}  # who talks with the draft
MOST_TURNS = 60
TURN_CHARACTERS = 4000


def _turns(text: str) -> list[prompts.Message]:
    """What was written so far, of the page's JSON; what is none of it is left out."""
    found = json_of(text)
    turns: list[prompts.Message] = []
    for turn in found if isinstance(found, list) else ():
        match turn:
            case {"role": "user" | "assistant" as role, "content": str(content)} if content.strip():
                turns.append({"role": role, "content": cleaned(content[:TURN_CHARACTERS])})
    return turns[-MOST_TURNS:]


class Chat:
    """Mixed into the character's admin, beside the rehearsal."""

    admin_site: Any

    def chat_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("rehearse/chat/", wrap(self.chat), name="characters_character_chat"),
            path("rehearse/choices/", wrap(self.choices), name="characters_character_choices"),
        ]

    def chat(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """The reply to `_turns`, streamed as text; one that fails ends with a line of JSON, an `error`."""
        spec: CharacterSpec = self._spec(request)  # type: ignore[attr-defined]
        turns = _turns(request.POST.get("_turns", ""))
        problems = provider_choice.ask().problems(spec)
        if problems or not turns or turns[-1]["role"] != "user":
            said = " ".join(problems.values()) or "Write something first."
            return JsonResponse({"error": said}, status=400)
        replies = sum(turn["role"] == "assistant" for turn in turns)
        near = provider_choice.ask().near(spec, prompts.text_of(turns[-1])) if spec.book.by_meaning else {}
        lore = prompts.activate(spec, VISITOR, turns, replies=replies, near=near)
        model = provider_choice.ask().model(spec)
        read = [one.told for one in provider_choice.ask().read(spec, turns, model.limit)]
        prompt = prompts.render(spec, VISITOR, turns, lore=lore, limit=model.limit, read=read)
        return StreamingHttpResponse(
            _streamed(spec, prompt.as_messages(), prompts.text_of(turns[-1])),
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def choices(self, request: HttpRequest) -> HttpResponse:
        """The voices to choose from with what the form has, and its greetings as a visitor hears them."""
        spec: CharacterSpec = self._spec(request)  # type: ignore[attr-defined]
        greetings = [
            prompts.greeting(spec, {**VISITOR, "greeting": number})
            for number in range(1 + len(spec.alternate_greetings))
        ]
        return JsonResponse({"voices": provider_choice.ask().voices(spec), "greetings": greetings})


async def _streamed(spec: CharacterSpec, messages: list[prompts.Message], said: str) -> AsyncIterator[str]:
    try:
        async for piece in provider_choice.ask().reply(spec, messages, said=said):
            yield piece
    except CharacterError as error:
        yield "\n" + json.dumps({"error": str(error)})
