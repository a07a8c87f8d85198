"""Report: what became of somebody's text, in a writer's words, each thing once.

The same for a card that is imported, a draft in rehearsal, and one that is about to be published.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from characters import prompts, provider_choice
from characters.field_limits import TEXT_CHARACTERS
from characters.lore import advice
from characters.spec import CharacterSpec

NAMED = 8  # macros that a sentence names
FIELDS = (
    *("system_prompt", "description", "personality", "scenario", "post_history", "depth_prompt"),
    *("greeting", "examples", "tagline"),
)


@dataclass
class Report:
    """What was understood, what is kept and has no effect, and what was left out."""

    understood: list[str] = field(default_factory=list)
    without_effect: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def understand(self, *sentences: str) -> None:
        _add(self.understood, sentences)

    def keep(self, *sentences: str) -> None:
        """These are kept and have no effect, or another one than their writer may think."""
        _add(self.without_effect, sentences)

    def leave_out(self, *sentences: str) -> None:
        _add(self.left_out, sentences)

    @property
    def remarks(self) -> list[str]:
        """What a writer should know of: not what went well."""
        return [*self.without_effect, *self.left_out]

    def as_json(self) -> dict[str, Any]:
        return {
            "understood": list(self.understood),
            "without_effect": list(self.without_effect),
            "left_out": list(self.left_out),
        }

    def lines(self) -> Iterator[str]:
        """For a terminal, whose language is English."""
        yield from self.understood
        yield from (f"Without effect: {sentence}" for sentence in self.without_effect)
        yield from (f"Left out: {sentence}" for sentence in self.left_out)


def _add(sentences: list[str], more: Iterable[str]) -> None:
    sentences += dict.fromkeys(sentence for sentence in more if sentence and sentence not in sentences)


def of(spec: CharacterSpec) -> Report:
    """What of a character's own texts will have no effect: unknown macros, examples of nobody, lore.

    And what its provider of speech to speech cannot do.
    """
    report = Report()
    if unknown := unknown_macros(spec):
        report.keep(
            ngettext(
                "%(macros)s is no macro that is known here: it stays as it is in the prompt, and is not "
                "spoken.",
                "%(macros)s are no macros that are known here: they stay as they are in the prompt, and are "
                "not spoken.",
                len(unknown),
            )
            % {"macros": _named(unknown)}
        )
    if count := prompts.unnamed_exchanges(spec):
        report.keep(
            ngettext(
                "%(count)d example names no speaker: it counts as the character's own words.",
                "%(count)d examples name no speaker: they count as the character's own words.",
                count,
            )
            % {"count": count}
        )
    report.keep(*advice(spec.book))
    report.keep(*provider_choice.ask().lacks(spec))
    return report


def unknown_macros(spec: CharacterSpec) -> list[str]:
    """The macros of the character's texts that nobody knows here, each once, with their braces."""
    texts = [getattr(spec, name) for name in FIELDS]
    texts += [*spec.alternate_greetings, *(entry.content for entry in spec.book.entries)]
    found: dict[str, None] = {}
    for text in texts:
        if "{{" in text:
            macros = prompts.macros_of(spec, {})  # one for each: what may be filled in of one text is bounded
            macros.expand(text[:TEXT_CHARACTERS])
            found |= dict.fromkeys(macros.unknown)
    return list(found)


def _named(names: list[str]) -> str:
    more = len(names) - NAMED
    listed = ", ".join(names[:NAMED])
    return _("%(names)s and %(count)d more") % {"names": listed, "count": more} if more > 0 else listed
