"""Inferences out of band, such as summaries: who counts them, and as what."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pipecat.metrics.metrics import LLMTokenUsage
from pipecat.processors.aggregators.llm_context import LLMContext

from sessions_app.costs import Meter
from voicebot.usage.recording import record
from voicebot.usage.tokens import EstimatedTokens, amounts_of


@dataclass
class _Count:
    meter: Meter
    source: str
    noted: bool = False


_count: ContextVar[_Count | None] = ContextVar("usage_count", default=None)


@contextmanager
def counting(meter: Meter, source: str) -> Iterator[None]:
    """What is inferred in here, and in tasks that begin in here, counts as this."""
    token = _count.set(_Count(meter, source))
    try:
        yield
    finally:
        _count.reset(token)


def note_inference(service: Any, usage: LLMTokenUsage) -> None:
    """A service has answered out of band: whoever asked counts it; nobody, where nobody asked to."""
    if found := _count.get():
        found.noted = True
        record(found.meter, "llm", service, amounts_of(usage), found.source)


async def infer(llm: Any, context: LLMContext, max_tokens: int, instruction: str, **more: Any) -> str | None:
    """What a service of Pipecat answers out of band; what it does not note itself is estimated."""
    if found := _count.get():
        found.noted = False
    text: str | None = await llm.run_inference(context, max_tokens, instruction, **more)
    if found and not found.noted:
        asked = [instruction, *context.get_messages()]
        active = getattr(getattr(llm, "strategy", None), "active_service", llm)
        note_inference(active, EstimatedTokens.of(asked, text or ""))
    return text
