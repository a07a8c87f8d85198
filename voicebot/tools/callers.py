"""Which language models call tools themselves."""

from typing import Any

from pipecat.services.llm_service import LLMService

from voicebot.providers import WithFallback


def calls_functions(llm: Any) -> bool:
    """Whether a language model can be given tools. One that knows better says so in `calls_functions`."""
    if isinstance(llm, WithFallback):
        llm = llm.strategy.active_service
    known = getattr(llm, "calls_functions", None)
    return isinstance(llm, LLMService) if known is None else bool(known)
