"""What a model reads of calls, and what it does not."""

from collections.abc import Sequence

from characters.prompts import Message
from voicebot.history import is_call


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
