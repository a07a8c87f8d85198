"""Conversation state: what changes while a pipeline runs: session, character, summary, lore.

It is the pipeline's `app_resources`, so that every processor (`setup.pipeline_worker.app_resources`) and
every tool (`FunctionCallParams.app_resources`) knows the character and the visitor's metadata without
being told again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from characters.lore import NOTHING, Memory
from characters.spec import CharacterSpec
from characters.text import Moment, restored
from sessions_app.session import Past, Session
from voicebot.history import FACTS, kept_facts
from voicebot.pipeline.session_context import SessionContext

VARIABLES = "variables"  # of the metadata: what macros have remembered
LANGUAGE = "language"  # of the metadata: which of the character's languages the visitor speaks, as a code
SPEEDS = (0.5, 2.0)  # of a voice that is still understood


@dataclass(frozen=True)
class LoreFound:
    """What earlier turns have left in the lorebook: what was called for, what stays, what rests."""

    memory: Memory = NOTHING
    replayed: bool = False  # whether the turns of earlier connections were gone through


def _remembered(record: Mapping[str, Any] | None, spec: CharacterSpec) -> Memory:
    """The memory of a record, if it is of this very book; a draft may be another one by now."""
    if record is None or not spec.version or record.get("book") != spec.label:
        return NOTHING
    try:
        return Memory.of_json(record)
    except (KeyError, TypeError, ValueError):
        return NOTHING


def _language_of(session: Session, spec: CharacterSpec) -> str:
    """The language that the metadata tells, if the character has it; '' for its main one."""
    told = session.metadata.get(LANGUAGE)
    return told if isinstance(told, str) and told in spec.languages else ""


class ConversationState:
    """Owned by the pipeline, changed by these methods, on the event loop; other threads read it.

    It begins with what is remembered, the `past`.
    """

    def __init__(self, context: SessionContext, session: Session, spec: CharacterSpec, past: Past):
        self.context = context
        context.meter.of(spec.slug, session.api_key)
        self._session, self._spec = session, spec
        self._pending_spec: CharacterSpec | None = None
        self._summary = past.summary
        self._summarised = past.covered.count
        self._replies = past.covered.count // 2 + sum(turn.role == "assistant" for turn in past.turns)
        self._lore = LoreFound(_remembered(past.lore, spec))
        self._variables: Mapping[str, str] = restored(session.metadata.get(VARIABLES))
        self._language = _language_of(session, spec)
        self._facts = kept_facts(session.metadata.get(FACTS))
        self._hints: Mapping[int, str] = {}
        self._spoken: Sequence[str] = ()
        asked = [turn.created_at for turn in past.turns if turn.role == "user"]
        self._asked_at = asked[-1] if asked else session.created_at

    def __repr__(self) -> str:
        return f"<ConversationState {self._session!r}>"

    @property
    def session(self) -> Session:
        """The session as it was last read."""
        return self._session

    @property
    def spec(self) -> CharacterSpec:
        """The character as it speaks now."""
        return self._spec

    @property
    def summary(self) -> str:
        """What the older turns came to."""
        return self._summary

    @property
    def replies(self) -> int:
        """How many the character has given, in the whole session."""
        return self._replies

    @property
    def summarised(self) -> int:
        """How many messages were said before those of the context."""
        return self._summarised

    @property
    def lore(self) -> LoreFound:
        return self._lore

    @property
    def variables(self) -> Mapping[str, str]:
        """What macros have remembered in this conversation."""
        return self._variables

    @property
    def facts(self) -> Mapping[str, str]:
        """What the visitor has said of themselves, by kind."""
        return self._facts

    @property
    def hints(self) -> Mapping[int, str]:
        """What the model was told before messages of the visitor, by their number in the conversation.

        It is told again where it stood: what the model has read up to there need not be read anew.
        """
        return self._hints

    def hints_beside(self, facts: Mapping[str, str]) -> Mapping[int, str]:
        """`hints` while these facts hold: none if any of those that were told is not so any more."""
        kept = all(facts.get(kind) == value for kind, value in self._facts.items())
        return self._hints if kept else {}

    def set_hint(self, message: int, text: str) -> None:
        """The model was told this before the visitor's message of that number."""
        self._hints = {at: told for at, told in self._hints.items() if self._summarised <= at < message}
        if text:
            self._hints = {**self._hints, message: text}

    @property
    def spoken(self) -> Sequence[str]:
        """What the character has said in this connection, also what has left the context, oldest first."""
        return self._spoken

    def set_spoken(self, said: Sequence[str]) -> None:
        self._spoken = said

    def set_facts(self, facts: Mapping[str, str]) -> bool:
        """What is known of the visitor from now on; whether that is something else."""
        changed = dict(facts) != self._facts
        self._hints = self.hints_beside(facts)
        self._facts = dict(facts)
        return changed

    def moment(self, now: datetime | None = None) -> Moment:
        """This moment, for macros: what they change of its variables is the caller's to keep."""
        now = now or datetime.now(UTC)
        return Moment(
            now=now,
            idle_secs=max(0.0, (now - self._asked_at).total_seconds()),
            model=self._spec.llm_model or self._spec.llm_provider,
            variables=dict(self._variables),
            memory=self.context.remembering.macros(self.speaking.language),
        )

    def lore_record(self) -> dict[str, Any] | None:
        """What the lorebook remembers, as JSON for the next connection; None if that is nothing."""
        if not self._spec.book.remembers or not self._spec.version:
            return None
        return {"book": self._spec.label, **self._lore.memory.as_json()}

    @property
    def speaking(self) -> CharacterSpec:
        """`spec` in the language that the visitor speaks now."""
        return self._spec.speaking(self._language)

    @property
    def answer_in(self) -> str:
        """The language that the model has to be told to answer in, as a code.

        '' while nobody has spoken another one than the character's main one: then there is nothing to tell.
        """
        several = len(self._spec.languages) > 1
        return self._language if several and self._language in self._spec.languages else ""

    def hear(self, language: str) -> bool:
        """The visitor has said something in this language; whether that is another one than before.

        One that the character does not have changes nothing.
        """
        if language not in self._spec.languages or language == (self._language or self._spec.language):
            return False
        self._language = language
        return True

    @property
    def voice_spec(self) -> CharacterSpec:
        """`speaking` with the speed that the visitor wishes, by `metadata.voiceSpeed`, a factor."""
        wish = self._session.metadata.get("voiceSpeed")
        if isinstance(wish, bool) or not isinstance(wish, (int, float)):
            return self.speaking
        try:
            factor = float(wish)
        except OverflowError:  # a whole number may have any number of digits
            return self.speaking
        if not math.isfinite(factor):
            return self.speaking
        speed = min(SPEEDS[1], max(SPEEDS[0], self._spec.voice_speed * factor))
        return replace(self.speaking, voice_speed=speed)

    def set_session(self, session: Session) -> None:
        """The session was read again: its metadata or its character may be others."""
        if session.metadata.get(LANGUAGE) != self._session.metadata.get(LANGUAGE):  # the page says so
            self._language = _language_of(session, self._spec)
        self._session = session

    def set_pending_spec(self, spec: CharacterSpec) -> None:
        """Another version, or another character, speaks from the next turn on."""
        self._pending_spec = spec

    @property
    def changes_soon(self) -> bool:
        """Whether another spec holds from the next turn on."""
        return self._pending_spec is not None

    def apply_pending_spec(self) -> bool:
        """Makes the pending spec the one in use; whether there was one."""
        if self._pending_spec is None:
            return False
        if self._pending_spec.book != self._spec.book:
            self._lore = LoreFound()
        self._hints = {}  # another character's, perhaps
        self._spec, self._pending_spec = self._pending_spec, None
        self.context.meter.of(self._spec.slug, self._session.api_key)
        return True

    def set_variables(self, variables: Mapping[str, str]) -> bool:
        """What macros remember from now on; whether that is something else."""
        changed = dict(variables) != dict(self._variables)
        self._variables = dict(variables)
        return changed

    def asked(self, now: datetime) -> None:
        """The visitor has said something that is answered now."""
        self._asked_at = now

    def count_reply(self) -> None:
        self._replies += 1

    def set_summary(self, summary: str, summarised: int) -> None:
        """What the oldest turns came to, so many."""
        self._summary, self._summarised = summary, summarised

    def set_lore(self, spec: CharacterSpec, found: LoreFound) -> None:
        """What was found in the lorebook of `spec`; nothing, if that speaks no more."""
        if spec.book == self._spec.book:
            self._lore = found
