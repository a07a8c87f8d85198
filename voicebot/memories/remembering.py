"""Remembering: what one character knows of one visitor, as a connection has it, and what it learns meanwhile.

Everything that takes time goes on beside the audio path: learning waits while the machine is busy, and a turn
finds what it needs in memory.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from characters.spec import CharacterSpec
from sessions_app.database import database_clock
from sessions_app.memories import Bounds, Finding, Memories, Recollection, matching
from voicebot.memories import telling
from voicebot.memories.episodes import episode_of
from voicebot.memories.recall import Embeds, Recall
from voicebot.memories.rules import clear_answer, findings_of, forget_request

log = logging.getLogger(__name__)

YES, NO = "yes", "no"
BUSY_SHARE = 0.5  # of the machine, above which learning waits
BUSY_SECS, MOST_BUSY_SECS = 1.0, 60.0  # how often it looks again, and for how long
MOST_PENDING = 20  # findings of before the visitor has answered
MOST_SAID = 60  # of the visitor's turns, for the episode
END_SECS = 3.0  # for what is on its way when the connection ends


class Busy(Protocol):
    @property
    def lately(self) -> float:
        """The share of the machine that was in use in the last seconds."""


@dataclass(frozen=True)
class Learning:
    """Of what a connection learns with: where it is kept, and whom it must not disturb."""

    memories: Memories
    clock: Callable[[], datetime] = database_clock.carried
    load: Busy | None = None
    embeddings: Embeds | None = None
    sensitive: bool = False  # the house allows matters of the sensitive kinds
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


async def _nothing(_: Any = None) -> None:
    pass


class Remembering:
    """Of one connection. `on_learnt` hears of new recollections, `on_ask` that it is time to ask."""

    def __init__(self, visitor: str = "", session_id: UUID | None = None, learning: Learning | None = None):
        self._visitor, self._session = visitor, str(session_id or "")
        self._learning = learning
        self._character = ""
        self._bounds = Bounds()
        self._consent = ""
        self._recall = Recall()
        self._pending: list[Finding] = []
        self._said: list[str] = []
        self._uses: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task] = set()
        self._asking = False  # the question was spoken, and the next words are the answer
        self._asked = False
        self.on_learnt: Callable[[Sequence[Recollection]], Awaitable[None]] = _nothing
        self.on_ask: Callable[[], Awaitable[None]] = _nothing

    def __repr__(self) -> str:
        return f"<Remembering {self._character}>"

    # --- what is known ---

    @property
    def consent(self) -> str:
        """The visitor's answer, '' while there is none."""
        return self._consent

    @property
    def known(self) -> Sequence[Recollection]:
        return self._recall.known

    async def load(self, spec: CharacterSpec) -> None:
        """Reads what `spec` knows of the visitor; nothing, where it does not remember. Never fails."""
        if self._learning is None:
            return
        self._character = spec.slug if spec.remembers and spec.version else ""
        self._bounds = Bounds(spec.memory_most, spec.memory_days, frozenset(spec.memory_kinds))
        self._consent, self._recall = "", Recall()
        if self._character:
            await self._read()

    @property
    def remembers(self) -> bool:
        """Whether the character may remember anybody at all."""
        return bool(self._character)

    async def _read(self) -> None:
        try:
            known = await self._with.memories.known(self._visitor, self._character)
        except Exception as error:
            log.warning("what is remembered could not be read (%s)", type(error).__name__)
            return
        self._consent, self._recall = known.consent, Recall.of(known.recollections)

    async def changed(self) -> None:
        """Somebody has changed it, here or in another process."""
        if not self._character:
            return
        before = self._consent
        await self._read()
        if self._consent == YES and before != YES:
            self._learn_pending()
        if self._consent == NO:
            self._pending.clear()

    @property
    def _with(self) -> Learning:
        if self._learning is None:
            raise RuntimeError("This one remembers nobody.")
        return self._learning

    def recalled(self, said: Sequence[str]) -> list[Recollection]:
        """What matters after what the visitor has `said` last; at once, in the thread that asks."""
        if self._learning is None or not self._recall.known:
            return []
        found = self._recall.matter(said, self._with.clock().date(), self._with.embeddings)
        gone = forget_request(said[-1]) if said else None
        return [] if gone == "" else [m for m in found if not gone or m not in matching(found, gone)]

    def used(self, memories: Sequence[Recollection]) -> None:
        """These were told to the model."""
        self._uses.update(memory.id for memory in memories)

    def macros(self, language: str) -> dict[str, str]:
        """What {{memory}} and its kin stand for."""
        if self._learning is None or not self._recall.known:
            return {}
        return telling.macros(self._recall.known, language, self._with.clock().date())

    # --- what is learnt ---

    def heard(self, text: str, sequence: int, spec: CharacterSpec) -> None:
        """The visitor has said something, which is the turn of this number. Returns at once."""
        if self._learning is None:
            return
        if spec.slug != self._character and spec.remembers and spec.version:
            self._begin(self.load(spec))
            return
        if not self._character:
            return
        if self._asking:
            self._asking = False
            if (answer := clear_answer(text)) is not None:
                self._answer(agreed=answer)
                return
        if (named := forget_request(text)) is not None:
            self._forget(named)
            return
        self._said = [*self._said, text][-MOST_SAID:]
        today = self._with.clock().date()
        found = findings_of(text, today, sensitive=self._with.sensitive)
        self._take([replace(finding, session=self._session, said=sequence) for finding in found])

    def _take(self, findings: Sequence[Finding]) -> None:
        wanted = [finding for finding in findings if finding.kind in self._bounds.kinds]
        if not wanted or self._consent == NO:
            return
        if self._consent == YES:
            self._begin(self._learn(wanted))
            return
        self._pending = [*self._pending, *wanted][-MOST_PENDING:]
        if not self._asked:
            self._asked = True
            self._begin(self.on_ask())

    def _learn_pending(self) -> None:
        pending, self._pending = self._pending, []
        if pending:
            self._begin(self._learn(pending))

    def question_spoken(self) -> None:
        """The character has asked whether it may; a clear yes or no that comes next is the answer."""
        self._asking = True

    def _answer(self, *, agreed: bool) -> None:
        self._consent = YES if agreed else NO
        self._begin(self._keep_answer(agreed))

    async def _keep_answer(self, agreed: bool) -> None:
        await self._with.memories.set_consent(self._visitor, self._character, agreed)
        if agreed:
            self._learn_pending()
        else:
            self._pending.clear()

    def _forget(self, named: str) -> None:
        gone = list(self._recall.known) if named == "" else matching(self._recall.known, named)
        self._pending = (
            [] if named == "" else [f for f in self._pending if named.lower() not in f.text.lower()]
        )
        if not gone:
            return
        self._recall = Recall.of([memory for memory in self._recall.known if memory not in gone])
        ids = [memory.id for memory in gone]
        self._begin(self._with.memories.forget_some(self._visitor, self._character, ids))

    async def _learn(self, findings: Sequence[Finding]) -> None:
        await self._until_quiet()
        learnt = await self._with.memories.add(self._visitor, self._character, findings, self._bounds)
        if not learnt.new:
            return
        await self.on_learnt(learnt.new)
        await self._read()
        await self._make_vectors()

    async def _until_quiet(self) -> None:
        """Waits while the machine is busy: voices go first."""
        waited, load = 0.0, self._with.load
        while load is not None and load.lately > BUSY_SHARE and waited < MOST_BUSY_SECS:
            await self._with.pause(BUSY_SECS)
            waited += BUSY_SECS

    async def _make_vectors(self) -> None:
        """Vectors of what has none, once there is so much that not all of it fits a turn."""
        if self._with.embeddings is None or not self._recall.must_choose:
            return
        made: dict[UUID, bytes] = {}
        for memory in self._recall.known:
            if not memory.vector:
                await self._until_quiet()
                vector = await asyncio.wrap_future(self._with.embeddings.of_passage(memory.text))
                made[memory.id] = np.asarray(vector, "<f2").tobytes()
        if made:
            await self._with.memories.keep_vectors(self._visitor, self._character, made)
            now = [replace(m, vector=made.get(m.id, m.vector)) for m in self._recall.known]
            self._recall = Recall.of(now)

    def _begin(self, work: Coroutine[Any, Any, Any] | Awaitable[Any]) -> None:
        task = asyncio.ensure_future(self._quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _quietly(work: Awaitable[Any]) -> None:
        try:
            await work
        except Exception as error:  # its text may quote what was said
            log.warning("something was not remembered (%s)", type(error).__name__)

    # --- the end ---

    async def end(self, summary: str = "") -> None:
        """The connection ends: what is on its way is kept, and what the two talked about. Never fails."""
        if self._learning is None or not self._character:
            return
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=END_SECS)
        if self._consent != YES:
            return
        episode = episode_of(self._said, summary, self._with.clock().date(), sensitive=self._with.sensitive)
        uses, self._uses = dict(self._uses), Counter()
        await self._quietly(self._keep_end([episode] if episode else [], uses))

    async def _keep_end(self, episodes: Sequence[Finding], uses: dict[UUID, int]) -> None:
        found = [replace(one, session=self._session, subject=f"episode:{self._session}") for one in episodes]
        if found:
            await self._with.memories.add(self._visitor, self._character, found, self._bounds)
        if uses:
            await self._with.memories.note_used(self._visitor, self._character, uses)
