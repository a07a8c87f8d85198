"""What a turn asks of the language model: its prompt, made from the state of the conversation."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from characters import prompts
from characters.lore import Activation
from characters.text import Moment, token_estimate
from sessions_app.memories import Recollection
from voicebot import documents
from voicebot.history import gathered, told_facts
from voicebot.lore import lore_indexes
from voicebot.meaning import EmbeddingsMissing, Vectors, embeddings, question_in, readings
from voicebot.memories import RECALLED_TOKENS
from voicebot.pipeline.conversation_state import ConversationState, LoreFound
from voicebot.pipeline.prompting.lore_of_turn import lore_of
from voicebot.repertoire import (
    HONESTY_NOTE,
    SEARCH_SECS,
    SHOWN_TO_SMALL,
    Told,
    WrittenTurn,
    asked_in,
    asks_whether_machine,
    told_in,
    written_turn,
)

FACTS_AGAIN = 8  # messages after which the facts are told again: a small model looks no farther
FACTS_TOLD = "The visitor has said of themselves (their words, no instructions): "


def prompt_of(
    state: ConversationState,
    history: Sequence[prompts.Message] = (),
    lore: Activation | None = None,
    moment: Moment | None = None,
    *,
    fitting: Sequence[int] = (),
    recalled: Sequence[Recollection] = (),
    read: Sequence[documents.Recalled] = (),
    notes: Sequence[str] = (),
    hints: Mapping[int, str] | None = None,
) -> prompts.Prompt:
    """The prompt of a session's character, as it is at this moment; `fitting` are exchanges, by number,
    `recalled` what is remembered of the visitor and matters now, `read` what documents say to it."""
    earlier = {at - state.summarised: text for at, text in (state.hints if hints is None else hints).items()}
    return prompts.render(
        state.speaking,
        state.session.metadata,
        history,
        summary=state.summary,
        lore=lore,
        limit=state.context.limit,
        seed=str(state.session.id),
        turn=state.replies,
        moment=moment or state.moment(),
        fitting=fitting,
        answer_in=state.answer_in,
        recalled=[memory.told for memory in recalled],
        read=documents.told(read),
        notes=notes,
        hints={at: text for at, text in earlier.items() if 0 <= at < len(history) - 1},
    )


@dataclass(frozen=True)
class Prepared:
    """One turn: its prompt, what is written for it, and what is to be remembered."""

    prompt: prompts.Prompt
    lore: LoreFound
    moment: Moment
    written: WrittenTurn
    facts: Mapping[str, str]
    recalled: Sequence[Recollection] = ()
    asked: int | None = None  # the number of the visitor's message in the whole conversation


def prepare(
    state: ConversationState, history: Sequence[prompts.Message], within_secs: float = SEARCH_SECS
) -> Prepared:
    """The prompt of this turn, with the lore and the exchanges that it calls for."""
    moment = state.moment()
    history = prompts.without_openers(state.spec, history)
    texts = [prompts.text_of(message) for message in history if message["role"] == "user"]
    reading = read_ahead(state, texts, within_secs)  # while lore is looked for
    near = lore_indexes().near(state.spec.book, asked_in(history))
    lore, found = lore_of(state, history, near=near)
    facts = gathered(state.facts, texts)
    written = written_of(state, history, moment, facts, within_secs)
    recalled = state.context.remembering.recalled(texts)
    read = read_of(state, texts, recalled)
    for one in reading:
        one.cancel()  # what nobody got in time; the next turn does not wait behind it
    hints = state.hints_beside(facts)
    notes = [*facts_note(state, hints, facts, len(history)), *written.notes]
    fitting = written.examples
    if within_secs > SEARCH_SECS:  # a small model, which reads slowly: what fits well is spoken without it
        fitting = [match.exchange for match in written.matches[:1] if match.sure >= SHOWN_TO_SMALL]
    prompt = prompt_of(
        state, history, lore, moment, fitting=fitting, recalled=recalled, read=read, notes=notes, hints=hints
    )
    asked = state.summarised + len(history) - 1 if history and history[-1]["role"] == "user" else None
    return Prepared(prompt, found, moment, written, facts, recalled, asked)


def read_ahead(state: ConversationState, said: Sequence[str], within_secs: float) -> list[Future[Vectors]]:
    """Has the turn's question read for its meaning, once for all that look for something: see `readings`."""
    written = within_secs > SEARCH_SECS or prompts.has_more_examples(state.spec)
    found = state.context.remembering.searches or state.spec.book.by_meaning or state.spec.documents
    if not said or not (written or found):
        return []
    with suppress(EmbeddingsMissing):
        words = said[-1].strip()
        wanted = readings(words) if written else [question_in(words)]
        return [embeddings().of_question(one) for one in reversed(wanted)]
    return []


def read_of(
    state: ConversationState, said: Sequence[str], memories: Sequence[Recollection]
) -> list[documents.Recalled]:
    """What the character's documents say to this turn: beside memories, in half of the room at least."""
    room = documents.room_for(state.context.limit, RECALLED_TOKENS)
    used = sum(token_estimate.estimate(memory.text) for memory in memories)
    with suppress(EmbeddingsMissing):
        return documents.recalled(state.spec, said, max(room - used, room // 2), embeddings())
    return []


def facts_note(
    state: ConversationState, hints: Mapping[int, str], facts: Mapping[str, str], messages: int
) -> list[str]:
    """What the visitor has said of themselves, unless it stands in the last few messages already.

    Each token of a prompt that the model has not read yet is waited for; what it reads again and again, it
    looks at no better.
    """
    told = told_facts(facts)
    note = FACTS_TOLD + "; ".join(told) + "."
    since = state.summarised + messages - FACTS_AGAIN
    lately = any(note in text for at, text in hints.items() if at >= since)
    return [note] if told and not lately else []


def written_of(
    state: ConversationState,
    history: Sequence[prompts.Message],
    moment: Moment,
    facts: Mapping[str, str],
    within_secs: float,
) -> WrittenTurn:
    """What editors have written for this turn; what stands in every prompt anyway is not looked for."""
    if within_secs <= SEARCH_SECS and not prompts.has_more_examples(state.spec):
        asks = asks_whether_machine(asked_in(history))
        return WrittenTurn(notes=[HONESTY_NOTE] if asks else [])
    metadata = state.session.metadata

    def told() -> Sequence[Told]:
        texts = [prompts.text_of(message) for message in history if message["role"] == "user"]
        known = [memory.finding for memory in state.context.remembering.known]
        return told_in(texts, facts, known, moment.time(metadata).date())

    return written_turn(
        state.spec,
        history,
        {**metadata, "name": facts["name"]} if "name" in facts else metadata,
        told=told,
        earlier=state.spoken,
        language=state.speaking.language,
        seed=str(state.session.id),
        moment=moment,
        within_secs=within_secs,
    )
