"""Draft preview: the prompt, the lore and the voice of a draft as it is written. Nothing is saved."""

import re
from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from characters import content, prompts, provider_choice
from characters import report as reports
from characters.admin.lore import rehearsed
from characters.admin.request_values import number
from characters.exceptions import CharacterError
from characters.lore import NOTHING, Activation, Memory
from characters.models import Character
from characters.spec import CharacterSpec
from characters.text import Macros, Moment

SAMPLE_CHARACTERS = 200
TALK_CHARACTERS = 8000
MOST_REMEMBERED = 6
MOST_LINES = 40  # of the visitor, that are gone through for what stays or rests
SPEAKER = re.compile(r"^\s*(visitor|you|user|character|char|them)\s*:\s*", re.IGNORECASE)
VISITORS = ("visitor", "you", "user")


def conversation(text: str) -> list[prompts.Message]:
    """Typed lines as turns: `Visitor:` and `Character:` name the speaker, without them they alternate."""
    messages: list[prompts.Message] = []
    for line in filter(str.strip, text[:TALK_CHARACTERS].splitlines()):
        named = SPEAKER.match(line)
        if named:
            role = "user" if named.group(1).lower() in VISITORS else "assistant"
        else:
            role = "assistant" if messages and messages[-1]["role"] == "user" else "user"
        messages.append({"role": role, "content": line[named.end() if named else 0 :].strip()})
    return messages


def remembered(text: str) -> list[str]:
    """What a made-up visitor is remembered by: a memory a line, about them, as many as one turn gets."""
    lines = filter(None, map(str.strip, text[:TALK_CHARACTERS].splitlines()))
    return [line[:SAMPLE_CHARACTERS] for line in lines][:MOST_REMEMBERED]


def _macros(known: list[str]) -> dict[str, str]:
    """What {{memory}} and {{memory::plan}} stand for in the rehearsal: the first line and the second."""
    return dict(zip(("", "plan"), known, strict=False))


def _lore(spec: CharacterSpec, metadata: dict[str, Any], talk: list[prompts.Message]) -> Activation:
    """What the last line calls for, after all before it: what stays or rests follows from those."""
    memory = NOTHING
    lines = [number for number, line in enumerate(talk, 1) if line["role"] == "user" and number < len(talk)]
    for upto in lines[-MOST_LINES:] if spec.book.remembers else []:
        memory = _found(spec, metadata, talk[:upto], memory).memory
    return _found(spec, metadata, talk, memory)


def _found(
    spec: CharacterSpec, metadata: dict[str, Any], talk: list[prompts.Message], memory: Memory
) -> Activation:
    replies = sum(line["role"] == "assistant" for line in talk)
    said = talk[-1]["content"] if talk and talk[-1]["role"] == "user" else ""
    near = provider_choice.ask().near(spec, said) if said and spec.book.by_meaning else {}
    return prompts.activate(spec, metadata, talk, replies=replies, memory=memory, near=near)


def _shown(spec: CharacterSpec, found: Activation) -> dict[str, Any]:
    """Which entries the conversation calls for, and why; and what a writer should know of the texts."""
    macros = Macros(char=spec.spoken_name, metadata={"name": "Robin"})
    return {
        "entries": [
            {
                "title": verdict.entry.title,
                "fired": verdict.fired,
                "why": verdict.why,
                "ignored": list(verdict.entry.decorators.ignored),
                "content": macros.expand(verdict.entry.content) if verdict.fired else "",
            }
            for verdict in found.verdicts
        ],
        "notes": reports.of(spec).remarks,
        "left_out": [entry.title for entry in found.left_out],
        "tokens": found.tokens,
        "budget": spec.book.token_budget,
        "milliseconds": round(found.secs * 1000, 1),
    }


def _tools(spec: CharacterSpec, talk: list[prompts.Message]) -> list[dict[str, Any]]:
    """Which tools the visitor's last line calls where the model cannot, and why."""
    said = talk[-1]["content"] if talk and talk[-1]["role"] == "user" else ""
    found = provider_choice.ask().called_tools(spec, said) if said and spec.tools else []
    return [{"name": one.name, "called": one.called, "why": str(one.why)} for one in found]


class Rehearsal:
    """Mixed into the character's admin."""

    admin_site: Any

    def rehearsal_urls(self) -> list[URLPattern]:
        def wrap(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("rehearse/prompt/", wrap(self.show_prompt), name="characters_character_prompt"),
            path("rehearse/voice/", wrap(self.sample_voice), name="characters_character_voice"),
        ]

    def _spec(self, request: HttpRequest) -> CharacterSpec:
        """The spec of the form as it is typed, saved or not; what does not validate stays as it was.

        Only fields that were sent are looked at, or that `_changed` names: a box that is not ticked sends
        nothing. `_entry` is the entry that is open in the editor of the lorebook, `new` for one without a
        row; its fields have the prefix `_entry-`.
        """
        if not request.user.has_perm("characters.change_character"):
            raise PermissionDenied
        pk = request.POST.get("_character", "")
        character = get_object_or_404(Character, pk=number(pk)) if pk else Character()
        form = self.get_form(request, character if pk else None)(  # type: ignore[attr-defined]
            request.POST, instance=character
        )
        sent = {*request.POST, *request.POST.getlist("_changed")}
        for name in [name for name in form.fields if name not in sent]:
            del form.fields[name]
        form.is_valid()
        book = rehearsed.lorebook_of_draft(form.instance, request.POST)
        return replace(content.draft_spec(form.instance, []), book=book)

    def show_prompt(self, request: HttpRequest) -> HttpResponse:
        """The exact messages that the language model would get, how long they are, and which lore came up."""
        spec = self._spec(request)
        talk = conversation(request.POST.get("_talk", ""))
        greeting = request.POST.get("_greeting", "")
        known = remembered(request.POST.get("_visitor", ""))
        asked = number(greeting)
        metadata = {"name": "Robin", **({} if known and not asked else {"greeting": asked})}
        moment = Moment(model=spec.llm_model or spec.llm_provider, memory=_macros(known))
        lore = _lore(spec, metadata, talk)
        model = provider_choice.ask().model(spec)
        read = provider_choice.ask().read(spec, talk, model.limit)
        told = [passage.told for passage in read]
        prompt = prompts.render(
            spec, metadata, talk, lore=lore, limit=model.limit, moment=moment, recalled=known, read=told
        )
        tokens, exact = model.measure(prompt)
        return JsonResponse(
            {
                "messages": prompt.as_messages(),
                "examples": prompt.examples,
                "greeting": prompts.greeting(spec, metadata, moment=moment),
                "greetings": 1 + len(spec.alternate_greetings),
                "tokens": tokens,
                "exact": exact,
                "limit": model.limit,
                "model": model.name,
                "cut": list(prompt.cut),
                "lore": _shown(spec, lore),
                "tools": _tools(spec, talk),
                "documents": {
                    "known": len(spec.documents),
                    "passages": [
                        {"text": one.text, "source": one.source, "score": round(100 * one.score)}
                        for one in read
                    ],
                },
            }
        )

    def sample_voice(self, request: HttpRequest) -> HttpResponse:
        """A sentence in the chosen voice, as WAV; what goes wrong as JSON with a sentence."""
        spec = self._spec(request)
        sentence = request.POST.get("_sentence", "").strip()[:SAMPLE_CHARACTERS]
        problems = provider_choice.ask().problems(spec)
        if problems:
            return JsonResponse({"error": " ".join(problems.values())}, status=400)
        try:
            wav = provider_choice.ask().speak(spec, sentence or "Good evening. This is how I sound.")
        except CharacterError as error:
            return JsonResponse({"error": str(error)}, status=502)
        return HttpResponse(wav, content_type="audio/wav", headers={"Cache-Control": "no-store"})
