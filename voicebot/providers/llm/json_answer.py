"""A JSON answer of a language model, out of band, after a schema where its server takes one."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, cast

from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage

from voicebot.providers.llm.thoughts import without_thoughts
from voicebot.usage import infer

log = logging.getLogger(__name__)

ANSWER_TOKENS = 600
ANSWER_SECS = 45.0
REFUSALS = (400, 404, 422, 501)  # of servers that do not know `response_format`

_without_schema: set[str] = set()  # models whose server takes none


class JSONAnswers:
    """Asks one LLM service. Call it with an instruction, the words to read, and a schema of the answer."""

    def __init__(self, llm: Any):
        self._llm = llm

    @staticmethod
    def can(llm: Any) -> bool:
        """Whether a service answers so; a small model that only knows how to talk does not."""
        return bool(getattr(llm, "supports_response_schema", False))

    async def __call__(self, instruction: str, words: str, schema: Mapping[str, Any]) -> str | None:
        """The answer as text, None for none. Raises TimeoutError, and what the service raises."""
        async with asyncio.timeout(ANSWER_SECS):
            model = str(getattr(self._llm, "model_key", id(self._llm)))
            if model not in _without_schema:
                try:
                    return await self._ask(instruction, words, response_schema=dict(schema))
                except Exception as error:
                    if getattr(error, "status_code", None) not in REFUSALS:
                        raise
                    _without_schema.add(model)
                    log.info("a model is asked for JSON in words: its server takes no schema")
            wanted = f"{instruction}\nAnswer with JSON alone: {_example(schema)}"
            return await self._ask(wanted, words)

    async def _ask(self, instruction: str, words: str, **more: Any) -> str | None:
        context = LLMContext([cast(LLMContextMessage, {"role": "user", "content": words})])
        text = await infer(self._llm, context, ANSWER_TOKENS, instruction, **more)
        return without_thoughts(text or "") or None


def _example(schema: Mapping[str, Any]) -> str:
    """What an answer looks like: shorter than the schema, and what small models follow better."""
    match schema.get("type"):
        case "object":
            fields = (f'"{name}": {_example(of)}' for name, of in schema["properties"].items())
            return "{" + ", ".join(fields) + "}"
        case "array":
            return f"[{_example(schema['items'])}, ...]"
        case "integer":
            return "1"
    return '"' + "|".join(schema.get("enum", ["..."])) + '"'
