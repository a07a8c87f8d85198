"""Tokens of a language model, each in one place only, whether its service reports them net or gross."""

from collections.abc import Sequence
from typing import Any

from pipecat.metrics.metrics import LLMTokenUsage

from characters.text import token_estimate


class EstimatedTokens(LLMTokenUsage):
    """What a request came to by our own estimate: its provider did not say, or was not heard to the end."""

    @classmethod
    def of(cls, messages: Sequence[Any], said: str) -> "EstimatedTokens":
        """Of what was asked, as messages, and what has come of the answer."""
        asked = sum(
            token_estimate.estimate(_text(message)) + token_estimate.MESSAGE_TOKENS for message in messages
        )
        answered = token_estimate.estimate(said)
        return cls(prompt_tokens=asked, completion_tokens=answered, total_tokens=asked + answered)


def of_completion(told: Any) -> LLMTokenUsage:
    """What OpenAI's API tells of a completion, as Pipecat reports a stream's."""
    asked, answered = told.prompt_tokens_details, told.completion_tokens_details
    return LLMTokenUsage(
        prompt_tokens=told.prompt_tokens,
        completion_tokens=told.completion_tokens,
        total_tokens=told.total_tokens,
        cache_read_input_tokens=getattr(asked, "cached_tokens", None),
        cache_creation_input_tokens=getattr(asked, "cache_write_tokens", None),
        reasoning_tokens=getattr(answered, "reasoning_tokens", None),
    )


def _text(message: Any) -> str:
    content = message.get("content") if isinstance(message, dict) else message
    return content if isinstance(content, str) else str(content or "")


def amounts_of(usage: LLMTokenUsage) -> dict[str, int]:
    """One request's amounts, by the names of `Usage.AMOUNTS`.

    Anthropic's prompt tokens are without those of the cache, OpenAI's with them; the total has them always.
    """
    cached, written = usage.cache_read_input_tokens or 0, usage.cache_creation_input_tokens or 0
    asked = max(usage.prompt_tokens, usage.total_tokens - usage.completion_tokens)
    heard, said = usage.input_audio_tokens or 0, usage.output_audio_tokens or 0
    cached_heard = min(usage.cache_read_input_audio_tokens or 0, heard, cached)
    return {
        "calls": 1,
        "estimated": int(isinstance(usage, EstimatedTokens)),
        "input_tokens": max(0, asked - cached - written - (heard - cached_heard)),
        "cached_tokens": cached - cached_heard,
        "cache_write_tokens": written,
        "output_tokens": max(0, usage.completion_tokens - said),
        "reasoning_tokens": usage.reasoning_tokens or 0,
        "input_audio_tokens": heard - cached_heard,
        "cached_audio_tokens": cached_heard,
        "output_audio_tokens": said,
    }
