"""Decorators of lorebook entries: the lines that begin with `@@` in an entry's content.

Names and rules: Character Card V3, section Decorators. Those that make no sense in a spoken conversation
(`instruct_*`: they count tokens of texts that are no chats; `is_user_icon`: visitors have no icons here)
count as not recognised, so that their fallbacks are asked.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

LINE = re.compile(r"^[ \t]*(@{2,3})([a-z_]+)(.*)$", re.MULTILINE)
ROLES = ("assistant", "system", "user")
POSITIONS = ("after_desc", "before_desc", "personality", "scenario")
UI_PROMPTS = ("post_history_instructions", "system_prompt")
MOST_FALLBACKS = 16  # of one decorator; the specification asks for at least 5


class _Invalid(Exception):
    """A value that the decorator does not take: it is ignored, as the specification asks."""


def _whole(value: str) -> int:
    if not re.fullmatch(r"-?\d{1,6}", value):
        raise _Invalid
    return int(value)


def _positive(value: str) -> int:
    if (number := _whole(value)) < 1:
        raise _Invalid
    return number


def _flag(value: str) -> bool:
    if value.lower() not in ("", "true"):
        raise _Invalid
    return True


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.strip("\"'") not in allowed:
            raise _Invalid
        return value.strip("\"'")

    return read


def _several(value: str) -> tuple[str, ...]:
    values = tuple(part.strip() for part in value.split(",") if part.strip())
    if not values:
        raise _Invalid
    return values


KNOWN: Mapping[str, Callable[[str], Any]] = {
    "activate": _flag,
    "activate_only_after": _whole,
    "activate_only_every": _positive,
    "additional_keys": _several,
    "depth": _whole,
    "disable_ui_prompt": _one_of(*UI_PROMPTS),
    "dont_activate": _flag,
    "dont_activate_after_match": _flag,
    "exclude_keys": _several,
    "ignore_on_max_context": _flag,
    "is_greeting": _whole,
    "keep_activate_after_match": _flag,
    "position": _one_of(*POSITIONS),
    "reverse_depth": _whole,
    "role": _one_of(*ROLES),
    "scan_depth": _whole,
}


SEVERAL = frozenset({"additional_keys", "exclude_keys"})  # may be given several times


@dataclass(frozen=True, slots=True)
class Decorators:
    """What the decorators of one entry ask for; None, False and () where they do not."""

    activate: bool = False
    activate_only_after: int | None = None
    activate_only_every: int | None = None
    additional_keys: tuple[str, ...] = ()
    depth: int | None = None
    disable_ui_prompt: str = ""
    dont_activate: bool = False
    dont_activate_after_match: bool = False
    exclude_keys: tuple[str, ...] = ()
    ignore_on_max_context: bool = False
    is_greeting: int | None = None
    keep_activate_after_match: bool = False
    position: str = ""
    reverse_depth: int | None = None
    role: str = "system"
    scan_depth: int | None = None
    ignored: tuple[str, ...] = field(default=())  # names that nothing came of, for the editor to see


def parse(content: str) -> tuple[Decorators, str]:
    """The decorators of an entry, and its content without them."""
    content = content.replace("\r\n", "\n")
    taken: dict[str, Any] = {}
    ignored: list[str] = []
    settled = True  # whether the decorator before this line, or one of its fallbacks, was understood
    fallbacks = 0
    for match in LINE.finditer(content):
        at, name, value = match.group(1), match.group(2), match.group(3).strip(" \t")
        if at == "@@@":
            fallbacks += 1
            if settled or fallbacks > MOST_FALLBACKS:
                continue
        else:
            fallbacks = 0
        settled = name in taken  # the first one of a name counts, but keys are added to keys
        if settled and name in SEVERAL:
            with suppress(_Invalid):
                taken[name] += KNOWN[name](value)
        if not settled and name in KNOWN:
            try:
                taken[name] = KNOWN[name](value)
                settled = True
            except _Invalid:
                pass
        if not settled:
            ignored.append(name)
    if "position" in taken:
        taken.pop("depth", None)
        taken.pop("reverse_depth", None)
    if "depth" in taken:
        taken.pop("reverse_depth", None)
    text = re.sub(r"\n{3,}", "\n\n", LINE.sub("", content)).strip("\r\n \t")
    return Decorators(**taken, ignored=tuple(ignored)), text
