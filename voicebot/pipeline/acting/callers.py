"""Callers: which words call a tool where the model calls none, and what a model reads of calls."""

import re
from collections.abc import Sequence

from characters.prompts import Message
from characters.tools import ToolSpec
from voicebot.history import is_call
from voicebot.tools import calls_functions

__all__ = ["answers_last", "called_by", "calls_functions", "without_calls"]


def without_calls(messages: Sequence[Message]) -> list[Message]:
    """A history for a model that does not know what tools are."""
    return [message for message in messages if not is_call(message)]


def answers_last(messages: Sequence[Message]) -> list[Message]:
    """A history that ends with the answers of tools where they are what is to be told now.

    What was said while they ran stands behind them, as if it were the reply already: it goes before them.
    """
    end = len(messages)
    while end and messages[end - 1]["role"] == "assistant" and not is_call(messages[end - 1]):
        end -= 1
    begin = end
    while begin and is_call(messages[begin - 1]):
        begin -= 1
    if begin == end or end == len(messages):
        return list(messages)
    return [*messages[:begin], *messages[end:], *messages[begin:end]]


def called_by(tools: Sequence[ToolSpec], words: str) -> list[ToolSpec]:
    """The tools whose keys stand in what the visitor has said, in their order."""
    plain = " ".join(words.casefold().split())
    return [tool for tool in tools if any(_stands_in(key, plain) for key in tool.keys)]


def _stands_in(key: str, words: str) -> bool:
    key = " ".join(key.casefold().split())
    if not key:
        return False
    if not key.isascii():
        return key in words
    return re.search(rf"(?<!\w){re.escape(key)}(?!\w)", words) is not None
