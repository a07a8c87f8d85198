"""Episodes: what the two talked about, in a sentence, when a connection ends."""

import re
from collections.abc import Sequence
from datetime import date

from sessions_app.memories import MEMORY_CHARACTERS, Finding
from voicebot.memories.calendar import written
from voicebot.memories.english import about
from voicebot.memories.rules import findings_of
from voicebot.memories.sensitive import is_sensitive

LEAST_TURNS = 3  # of the visitor's: less is no conversation to come back to
THINGS = 3
THING_CHARACTERS = 60
# ruff: noqa: RUF001
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_BEGINS = re.compile(
    r"^(?:(?:and|so|well|ok|okay|please|hello|hi|hey|ahoy|(?:can|could|would) you|tell (?:me|us)|"
    r"what (?:is|are|was|were|about)|who (?:is|are|was)|where (?:is|are)|do you (?:know|like|remember|have)|"
    r"have you(?: ever)?|how (?:is|are|do|did)|about|a story|of)\b[\s,]*)+",
    re.IGNORECASE,
)


def episode_of(said: Sequence[str], summary: str, today: date, *, sensitive: bool = False) -> Finding | None:
    """What the two talked about, by the summary where there is one; None for next to nothing."""
    chinese = bool(_IDEOGRAPHS.search(" ".join(said)))
    if summary and (sensitive or not is_sensitive(summary)):
        gist = " ".join(summary.split())
    elif len(said) < LEAST_TURNS:
        return None
    else:
        gist = ("；" if chinese else "; ").join(_things(said, today, sensitive=sensitive))
    if not gist:
        return None
    day = written(today, chinese=chinese)
    text = f"{day}聊过：{gist}" if chinese else f"talked on {day} of: {gist}"
    return Finding(text[:MEMORY_CHARACTERS], "episode", "episode", 0.6)


def _things(said: Sequence[str], today: date, *, sensitive: bool) -> list[str]:
    """What was spoken of: the longest of what says nothing of the visitor, which is remembered anyway."""
    found: dict[str, int] = {}
    for text in said:
        thing = about(_BEGINS.sub("", text.strip(" ?!.。？！")))[:THING_CHARACTERS]
        if len(thing) > 2 and not findings_of(text, today) and (sensitive or not is_sensitive(text)):
            found[thing] = found.get(thing, 0) + len(thing)
    longest = sorted(found, key=lambda thing: -found[thing])[:THINGS]
    return [thing for thing in found if thing in longest]
