"""The summary of a conversation's oldest turns, renewed beside it while it goes on.

Each turn is either in the summary or after it. A summary is made of the one before and of the turns since,
all of them, in as many steps as the model needs; what it covers is known by the turns' numbers.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, cast, runtime_checkable
from uuid import UUID

from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage

from characters.prompts import SUMMARY_CHARACTERS, room_for_history
from characters.spec import CharacterSpec
from characters.text import as_plain_words, token_estimate
from sessions_app.costs import Meter
from sessions_app.manager import SessionManager
from sessions_app.session import Lore, Past, Turn
from voicebot.history.llm_context import ContextHistory
from voicebot.history.writer import HistoryWriter
from voicebot.ops import PromptThreads
from voicebot.providers import without_thoughts
from voicebot.usage import counting, infer

log = logging.getLogger(__name__)

SUMMARISE_FROM = 60  # turns without a summary
SUMMARISE_AT = 0.7  # of the room that the model has for the history: it must not be cut before
KEEP_TURNS = 20  # that stay as they were, at most
KEEP_LEAST = 2  # the last exchange, however long
KEEP_SHARE = 0.35  # of the room
LEAST_ROOM = 240  # tokens, however long the character's own prompt is
SUMMARY_TOKENS = 160
INSTRUCTION_TOKENS = 120  # about, with the marks of a chat template
MOST_STEP_TOKENS = 4000  # read at once: a model with more room reads better in pieces, too
INFERENCE_SECS = 60.0
SUMMARY_FLUSH_SECS = 5.0  # for turns that are still on their way to the database
MOST_FAILURES = 3  # then the gist is kept: a model that is away for long must not cost the past
WHO = {"user": "Visitor", "tool": "Looked up"}  # in the script; anybody else is the character
GIST_NEWS = 300  # characters of a gist that are for what is new; the rest keeps what was known


class SummaryFailed(Exception):
    """The model has given nothing. It is asked again later."""


@runtime_checkable
class Infers(Protocol):
    """A Pipecat LLM service that answers out of band."""

    async def run_inference(
        self, context: LLMContext, max_tokens: int | None = None, system_instruction: str | None = None
    ) -> str | None: ...


def gist(summary: str, turns: Sequence[Turn]) -> str:
    """A summary without a model: what was known, and what the visitor said, the newest last."""
    said = "; ".join(turn.text[:80] for turn in turns if turn.role == "user")
    if not said:
        return summary[:SUMMARY_CHARACTERS]
    begins = "The visitor said: "
    room = max(GIST_NEWS, SUMMARY_CHARACTERS - len(summary) - 1) - len(begins) - 1
    news = begins + (said if len(said) <= room else "…" + said[-room + 1 :]) + "."
    return f"{summary[: SUMMARY_CHARACTERS - len(news) - 1]} {news}".strip()


def _pieces(line: str, room: int) -> Iterator[str]:
    """A line in pieces of at most `room` tokens."""
    size = max(1, token_estimate.estimate(line))
    length = len(line) if size <= room else max(1, len(line) * room // size // 2)
    yield from (line[at : at + length] for at in range(0, len(line), length))


def steps(name: str, turns: Sequence[Turn], room: int) -> Iterator[str]:
    """Everything that was said, as a script in parts of at most `room` tokens each."""
    part: list[str] = []
    size = 0
    for turn in turns:
        line = f"{WHO.get(turn.role, name)}: {turn.shown}"
        for piece in _pieces(line, room):
            more = token_estimate.estimate(piece) + 1
            if part and size + more > room:
                yield "\n".join(part)
                part, size = [], 0
            part.append(piece)
            size += more
    if part:
        yield "\n".join(part)


async def summarise(llm: Any, name: str, summary: str, turns: Sequence[Turn], limit: int) -> str:
    """What `summary` and the `turns` after it come to, in a few sentences.

    `limit` is how many tokens the model reads at once. Raises SummaryFailed, and what the model raises.
    """
    if not isinstance(llm, Infers):
        return gist(summary, turns)
    known = max(token_estimate.estimate("x" * SUMMARY_CHARACTERS), token_estimate.estimate(summary))
    room = min(MOST_STEP_TOKENS, max(LEAST_ROOM, limit - known - SUMMARY_TOKENS - INSTRUCTION_TOKENS))
    instruction = (
        f"Summarise this conversation between a visitor and {name} in at most five short sentences. "
        "Keep names, wishes and promises, and what is known so far."
    )
    for step in steps(name, turns, room):
        script = as_plain_words((f"So far: {summary}\n\n" if summary else "") + step)
        context = LLMContext([cast(LLMContextMessage, {"role": "user", "content": script})])
        async with asyncio.timeout(INFERENCE_SECS):
            text = await infer(llm, context, SUMMARY_TOKENS, instruction)
        summary = " ".join(without_thoughts(text or "").split())[:SUMMARY_CHARACTERS]
        if not summary:
            raise SummaryFailed
    return summary


class Context(Protocol):
    """What is fixed for a connection's pipeline, as far as its summary needs it."""

    @property
    def session_id(self) -> UUID: ...

    @property
    def manager(self) -> SessionManager: ...

    @property
    def writer(self) -> HistoryWriter: ...

    @property
    def limit(self) -> int:
        """How many tokens the character's model reads at once."""

    @property
    def prompt_threads(self) -> PromptThreads: ...

    @property
    def meter(self) -> Meter: ...


class Summariser:
    """Keeps the summary of one connection's conversation up to date."""

    def __init__(self, past: Past, context: Context):
        self.summary, self.covered = past.summary, past.covered
        self._session_id, self._manager, self._writer = context.session_id, context.manager, context.writer
        self._limit, self._threads, self._meter = context.limit, context.prompt_threads, context.meter
        self._renewing = False
        self._failures = 0
        self._not_before = 0  # turn after which it is tried again

    def _due(self, said: Sequence[str], room: int) -> bool:
        if self._renewing or self._writer.sequence < self._not_before:
            return False
        return len(said) >= SUMMARISE_FROM or _size(said) > SUMMARISE_AT * room

    async def renew(
        self,
        spec: CharacterSpec,
        metadata: Mapping[str, Any],
        llm: Any,
        history: ContextHistory,
        lore: Lore = None,
    ) -> bool:
        """Moves old turns from the context into `summary`, if it is time; whether it did. Never fails.

        The conversation goes on meanwhile: what is said then stays in the context. `lore` is kept with it.
        """
        room = max(LEAST_ROOM, await self._threads.run(self._room, spec, metadata))
        if not self._due(history.said(), room):
            return False
        self._renewing = True
        try:
            with counting(self._meter, "summary"):
                renewed = await self._renew(spec.name, llm, history, room, lore)
            self._failures = 0
            return renewed
        except Exception as error:
            self._failures += 1
            self._not_before = self._writer.sequence + 2**self._failures
            what = type(error).__name__  # its text may quote what was said
            log.warning("old turns of session %s are not summarised yet (%s)", self._session_id, what)
            return False
        finally:
            self._renewing = False

    async def _renew(self, name: str, llm: Any, history: ContextHistory, room: int, lore: Lore) -> bool:
        if not await self._writer.flush(SUMMARY_FLUSH_SECS):
            raise TimeoutError
        found = await self._manager.turns(self._session_id, after=self.covered.after)
        turns = [turn for turn in found if turn.sequence not in self.covered]
        old = turns[: len(turns) - _kept([turn.shown for turn in turns], room)]
        covered = self.covered.extended(turn.sequence for turn in old)
        if covered.upto == self.covered.upto:
            return False
        try:
            text = await summarise(llm, name, self.summary, old, self._limit)
        except Exception:
            if self._failures + 1 < MOST_FAILURES:
                raise
            text = gist(self.summary, old)
        if not await self._manager.keep_summary(self._session_id, covered, text, lore):
            # Another connection of this session has made one that reaches as far: that one holds.
            theirs = await self._manager.past(self._session_id, 0)
            text, covered = theirs.summary, theirs.covered
        self.summary, self.covered = text, covered
        history.forget(covered.upto)
        return True

    def _room(self, spec: CharacterSpec, metadata: Mapping[str, Any]) -> int:
        """Tokens that are left for the history."""
        return room_for_history(spec, metadata, summary=self.summary, limit=self._limit)


def _size(said: Sequence[str]) -> int:
    return sum(token_estimate.estimate(text) + token_estimate.MESSAGE_TOKENS for text in said)


def _kept(said: Sequence[str], room: int) -> int:
    """How many of the newest turns stay as they were."""
    kept = 0
    while kept < min(KEEP_TURNS, len(said)):
        if kept >= KEEP_LEAST and _size(said[len(said) - kept - 1 :]) > KEEP_SHARE * room:
            break
        kept += 1
    return kept
