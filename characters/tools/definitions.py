"""Tool definitions: what an editor says of each tool, kept as JSON in the draft and in every version."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.tools.arguments import (
    DESCRIPTION_CHARACTERS,
    JSON_TYPE,
    MOST_ARGUMENTS,
    MOST_CHOICES,
    NAME,
    SHAPE_CHARACTERS,
    TYPES,
    Argument,
    is_name,
    json_schema,
)

MOST_TOOLS = 24  # of one character: a model chooses badly among more
SENTENCE_CHARACTERS = 500
MOST_KEYS, KEY_CHARACTERS = 40, 200
SURE_PERCENT, USUAL_PERCENT = (5, 95), 50  # benchmarks/tools_meaning.py says what is called from there on
TIMEOUT_SECS = (1.0, 60.0)
MOST_CALLS = 1_000
KIND = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
MOST_OPTIONS, OPTION_CHARACTERS = 20, 2_000
AUDIENCES = {"everyone": gettext_lazy("everyone"), "accounts": gettext_lazy("who is signed in")}


class ToolRefused(ValidationError):
    """A definition is none. The message says what is wrong with it, to its editor."""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool of a character.

    `announcement` is said while it runs, `goes_on` whether it does so when the visitor speaks, `asks_first`
    whether they are asked before. Where the model cannot call functions, one of `keys` in the visitor's words
    calls it, or what they say means the same as one of `meanings`, by `sure` percent; then `sentence` is said
    with its `{result}`. `options` are its kind's.
    """

    name: str
    kind: str
    description: str = ""
    arguments: tuple[Argument, ...] = ()
    announcement: str = ""
    timeout_secs: float = 10.0
    goes_on: bool = False
    asks_first: bool = False
    audience: str = "everyone"
    keys: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    sure: int | None = None  # USUAL_PERCENT
    sentence: str = ""
    per_turn: int = 3
    per_minute: int = 10
    per_session: int = 100
    enabled: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    def schema(self) -> dict[str, Any]:
        return json_schema(self.arguments)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "ToolSpec":
        """The tool of what a version keeps. Raises ToolRefused."""
        if not isinstance(kept, Mapping):
            raise ToolRefused(_("A tool is a JSON object."))
        plain = {name: kept[name] for name in _PLAIN if name in kept}
        arguments = [_argument(one) for one in _listed(kept, "arguments", MOST_ARGUMENTS)]
        keys = [str(key)[:KEY_CHARACTERS] for key in _listed(kept, "keys", MOST_KEYS)]
        meanings = [str(one)[:KEY_CHARACTERS] for one in _listed(kept, "meanings", MOST_KEYS)]
        made = cls(
            **plain,
            arguments=tuple(arguments),
            keys=tuple(keys),
            meanings=tuple(meanings),
            options=kept.get("options") or {},
        )
        made.check()
        return made

    def check(self) -> None:
        """Raises ToolRefused for what cannot be."""
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ToolRefused(
                _("A tool's name is of small letters, figures and _, and begins with a letter.")
            )
        if not isinstance(self.kind, str) or not KIND.fullmatch(self.kind):
            raise ToolRefused(_("The tool %(name)s is of no kind.") % {"name": self.name})
        texts = (self.description, self.announcement, self.sentence)
        if any(not isinstance(text, str) or len(text) > SENTENCE_CHARACTERS for text in texts):
            raise ToolRefused(
                _("A sentence of a tool has at most %(most)d characters.") % _most(SENTENCE_CHARACTERS)
            )
        if not _number(self.timeout_secs) or not _within(self.timeout_secs, TIMEOUT_SECS):
            raise ToolRefused(_("A tool takes from 1 to 60 seconds."))
        limits = (self.per_turn, self.per_minute, self.per_session)
        if any(not isinstance(one, int) or not 1 <= one <= MOST_CALLS for one in limits):
            raise ToolRefused(_("A tool may be used from 1 to 1000 times."))
        if self.sure is not None and (not _number(self.sure) or not _within(self.sure, SURE_PERCENT)):
            raise ToolRefused(_("How sure a meaning has to be is from 5 to 95 percent."))
        if self.audience not in AUDIENCES:
            raise ToolRefused(_("A tool is for everyone or for who is signed in."))
        if not isinstance(self.options, Mapping) or len(self.options) > MOST_OPTIONS:
            raise ToolRefused(_("The options of a tool are a JSON object."))
        if any(len(str(value)) > OPTION_CHARACTERS for value in self.options.values()):
            raise ToolRefused(
                _("An option of a tool has at most %(most)d characters.") % _most(OPTION_CHARACTERS)
            )
        names = [each.name for each in self.arguments]
        if len(set(names)) < len(names):
            raise ToolRefused(_("The tool %(name)s has an argument twice.") % {"name": self.name})

    def as_json(self) -> dict[str, Any]:
        """What versions keep of it."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "arguments": [each.as_json() for each in self.arguments],
            "keys": list(self.keys),
            "meanings": list(self.meanings),
            "options": dict(self.options),
        }


_PLAIN = (
    "name",
    "kind",
    "description",
    "announcement",
    "timeout_secs",
    "goes_on",
    "asks_first",
    "audience",
    "sentence",
    "sure",
    "per_turn",
    "per_minute",
    "per_session",
    "enabled",
)


def _most(most: int) -> dict[str, int]:
    return {"most": most}


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _listed(kept: Mapping[str, Any], name: str, most: int) -> list[Any]:
    found = kept.get(name) or []
    if not isinstance(found, (list, tuple)) or len(found) > most:
        raise ToolRefused(_("A tool has at most %(most)d of these: %(name)s.") % {"most": most, "name": name})
    return list(found)


def _argument(kept: Any) -> Argument:
    if not isinstance(kept, Mapping):
        raise ToolRefused(_("An argument is a JSON object."))
    name, kind = kept.get("name"), kept.get("type", "string")
    if not isinstance(name, str) or not is_name(name) or kind not in TYPES:
        raise ToolRefused(
            _("An argument has a name of letters, figures and _, and one of the types of the list.")
        )
    choices = [str(one)[:KEY_CHARACTERS] for one in _listed(kept, "choices", MOST_CHOICES)]
    if choices and kind != "string":
        raise ToolRefused(_("Choices are for text alone."))
    description = str(kept.get("description") or "")[:DESCRIPTION_CHARACTERS]
    shape = kept.get("shape") or {}
    if not isinstance(shape, Mapping) or len(json.dumps(shape, default=str)) > SHAPE_CHARACTERS:
        raise ToolRefused(_("What a list or object looks like is a short JSON Schema."))
    if kind != JSON_TYPE:
        shape = {}
    return Argument(name, kind, description, bool(kept.get("required", True)), tuple(choices), shape)


def tools_of(kept: Sequence[Any]) -> tuple[ToolSpec, ...]:
    """The tools of a version's content. Raises ToolRefused."""
    if not isinstance(kept, (list, tuple)) or len(kept) > MOST_TOOLS:
        raise ToolRefused(_("A character has at most %(most)d tools.") % _most(MOST_TOOLS))
    found = tuple(ToolSpec.of(one) for one in kept)
    if len({tool.name for tool in found}) < len(found):
        raise ToolRefused(_("Two tools of a character have the same name."))
    return found


def valid_tools(value: Any) -> None:
    """Raises ValidationError for what are no tools: the draft's field asks it."""
    tools_of(value)
