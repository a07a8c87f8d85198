"""Which lore a turn calls for, and what earlier turns have called for."""

import time
from collections.abc import Callable, Mapping, Sequence

from characters import prompts
from characters.lore import SCAN_SECS, Activation, Lorebook, Memory, Nearness
from voicebot.ops import PromptThreads
from voicebot.pipeline.conversation_state import ConversationState, LoreFound

COMPILE_SECS = 5.0  # for all patterns of a book, beside everything else
COMPILE_AT_ONCE_SECS = 0.02
REPLAY_SECS = 0.1  # for what earlier connections called for, once for each connection


async def compile_lore(
    book: Lorebook, threads: PromptThreads, clock: Callable[[], float] = time.perf_counter
) -> None:
    """Compiles the keys of a lorebook before the first turn, a little at a time: other prompts go between."""
    until, at = clock() + COMPILE_SECS, 0
    while at < len(book.entries) and clock() < until:
        at = await threads.run(book.compile, COMPILE_AT_ONCE_SECS, at)


def lore_of(
    state: ConversationState,
    history: Sequence[prompts.Message],
    clock: Callable[[], float] = time.perf_counter,
    near: Mapping[int, Nearness] | None = None,
) -> tuple[Activation, LoreFound]:
    """The lore that the conversation calls for now, and what is to be remembered of it.

    What was called for before this connection is looked up once: earlier turns are gone through again, in
    their order, for as long as there is time. Chance and times follow from the session and what was said.
    `near` says which entries are meant now; of earlier turns only their key words are looked for again.
    """
    book, before = state.spec.book, state.lore
    if not book.entries:
        return Activation(), before
    if not book.remembers:
        return _activation(state, book, history, len(history), before.memory, near=near), before
    memory = before.memory
    if not before.replayed:
        until, remembering = clock() + REPLAY_SECS, book.remembering
        for upto in range(1, len(history)):
            if history[upto - 1]["role"] == "user" and state.summarised + upto > memory.messages:
                if (left := until - clock()) <= 0:
                    break
                secs = min(left, SCAN_SECS)
                memory = _activation(state, remembering, history, upto, memory, secs=secs).memory
    found = _activation(state, book, history, len(history), memory, near=near)
    return found, LoreFound(found.memory, replayed=True)


def _activation(
    state: ConversationState,
    book: Lorebook,
    history: Sequence[prompts.Message],
    upto: int,
    memory: Memory,
    *,
    near: Mapping[int, Nearness] | None = None,
    secs: float = SCAN_SECS,
) -> Activation:
    """What was called for when the history had reached message `upto`."""
    return prompts.activate(
        state.spec,
        state.session.metadata,
        history[:upto],
        book=book,
        replies=state.replies - sum(m["role"] == "assistant" for m in history[upto:]),
        memory=memory,
        earlier=state.summarised,
        seed=str(state.session.id),
        near=near,
        moment=state.moment(),
        secs=secs,
    )
