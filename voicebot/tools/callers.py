"""Callers: which models call tools themselves, and which words call one where the model cannot."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipecat.services.llm_service import LLMService

from characters.lore import Nearness, meaning
from characters.text import Reason, because
from characters.tools import USUAL_PERCENT, ToolSpec
from voicebot.providers import WithFallback


def calls_functions(llm: Any) -> bool:
    """Whether a language model can be given tools. One that knows better says so in `calls_functions`."""
    if isinstance(llm, WithFallback):
        llm = llm.strategy.active_service
    known = getattr(llm, "calls_functions", None)
    return isinstance(llm, LLMService) if known is None else bool(known)


@dataclass(frozen=True)
class ToolVerdict:
    """Whether words call a tool, and why, for its writer."""

    tool: ToolSpec
    called: bool
    why: Reason


def called_by(tools: Sequence[ToolSpec], words: str) -> list[ToolSpec]:
    """The tools whose keys stand in what the visitor has said, in their order."""
    return [tool for tool in tools if _key_in(tool, words)]


def has_meanings(tools: Sequence[ToolSpec]) -> bool:
    """Whether one of them is called by what is meant, too."""
    return any(tool.meanings for tool in tools)


def verdicts(tools: Sequence[ToolSpec], words: str, near: Mapping[int, Nearness]) -> list[ToolVerdict]:
    """Of each tool, whether what the visitor has said calls it.

    Keys decide; where none was said, meanings: `near` is by the tools' places, and the surest is called.
    """
    keyed = {tool.name: key for tool in tools if (key := _key_in(tool, words))}
    found = [ToolVerdict(tool, *_verdict(tool, near.get(place), keyed)) for place, tool in enumerate(tools)]
    if keyed:
        return found
    meant = [(near[place].sure, -place) for place, one in enumerate(found) if one.called]
    surest = -max(meant)[1] if meant else None
    return [
        ToolVerdict(one.tool, False, because("{why}, but another is surer", why=one.why))
        if one.called and place != surest
        else one
        for place, one in enumerate(found)
    ]


def _verdict(tool: ToolSpec, near: Nearness | None, keyed: Mapping[str, str]) -> tuple[bool, Reason]:
    if key := keyed.get(tool.name):
        return True, because("“{key}” was said", key=key)
    if keyed:
        return False, because("key words of another were said")
    if near is not None and not near.by_meaning:  # letters mistake as much as they find
        return False, because("none of its key words was said, and meanings cannot be compared here")
    if near is not None:
        return meaning.verdict(near, tool.sure or USUAL_PERCENT)
    if tool.keys:
        return False, because("none of its key words was said")
    return False, because("it has no key words and no meanings: only a model calls it")


def _key_in(tool: ToolSpec, words: str) -> str:
    plain = " ".join(words.casefold().split())
    return next((key for key in tool.keys if _stands_in(key, plain)), "")


def _stands_in(key: str, words: str) -> bool:
    key = " ".join(key.casefold().split())
    if not key:
        return False
    if not key.isascii():
        return key in words
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", words) is not None
