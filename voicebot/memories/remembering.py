"""Remembering: what one character knows of one visitor, as a connection has it, and what it learns meanwhile.

Everything that takes time goes on beside the audio path: learning waits while the machine is busy, and a turn
finds what it needs in memory.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from characters.spec import CharacterSpec
from sessions_app.memories import Bounds, Finding, Known, Recollection, is_about, matching
from voicebot.memories import telling
from voicebot.memories.drawing import AsksModel, Said
from voicebot.memories.episodes import left_of
from voicebot.memories.learning import Learning
from voicebot.memories.recall import Recall
from voicebot.memories.rules import clear_answer, consent_said, findings_of, forget_request
from voicebot.memories.unread import Calm, Unread

log = logging.getLogger(__name__)

YES, NO = "yes", "no"
LEAST_CHARACTERS = 8  # of a turn that a model is asked about; ideographs say as much in three
MOST_SAID = 60  # of the visitor's turns, for the episode
END_SECS = 3.0  # for what is on its way when the connection ends


async def _nothing(_: Any = None) -> None:
    pass


class Remembering:
    """Of one connection. `on_learnt` hears of new recollections, `on_ask` that it is time to ask, `on_answer`
    that the visitor has answered, here or elsewhere."""

    def __init__(self, visitor: str = "", session_id: UUID | None = None, learning: Learning | None = None):
        self._visitor, self._session = visitor, str(session_id or "")
        self._learning, self._character = learning, ""
        self._bounds, self._consent, self._recall = Bounds(), "", Recall()
        self.revision = ""  # of what is known, as the database counts it
        self._reads = asyncio.Lock()  # in turn: what is read later is newer
        self._let_go: set[UUID] = set()  # forgotten here; the database may not have heard of it yet
        self._unread, self._reading = Unread(), False
        self._said: list[str] = []
        self._uses, self._tasks = Counter[UUID](), set[asyncio.Task]()
        self._asking = False  # the question was spoken, and the next words are the answer
        self._asked = False
        self.on_learnt: Callable[[Sequence[Recollection]], Awaitable[None]] = _nothing
        self.on_ask: Callable[[], Awaitable[None]] = _nothing
        self.on_answer: Callable[[], Awaitable[None]] = _nothing

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
        before, self._character = self._character, spec.slug if spec.remembers and spec.version else ""
        if before != self._character:
            self._unread.take_rest()  # it was said to somebody else
        self._bounds = Bounds(spec.memory_most, spec.memory_days, frozenset(spec.memory_kinds))
        self._consent, self._recall, self.revision = "", Recall(), ""
        if self._character:
            await self._read()

    @property
    def remembers(self) -> bool:
        """Whether the character may remember anybody at all."""
        return bool(self._character)

    async def _read(self) -> None:
        async with self._reads:
            try:
                known = await self._with.memories.known(self._visitor, self._character)
            except Exception as error:
                log.warning("what is remembered could not be read (%s)", type(error).__name__)
                return
            self._now_known(known)

    def _now_known(self, known: Known) -> None:
        kept = [memory for memory in known.recollections if memory.id not in self._let_go]
        self._consent, self._recall, self.revision = known.consent, Recall.of(kept), known.revision
        self._asked = self._asked or known.asked

    async def caught_up(self, revision: str, within_secs: float) -> bool:
        """Whether something else is known than before, which has this revision; then it is read."""
        if revision == self.revision:
            return False
        reading = asyncio.ensure_future(self.changed())
        self._begin(reading)
        done, _ = await asyncio.wait({reading}, timeout=within_secs)
        return bool(done)

    async def changed(self) -> None:
        """Somebody has changed it, here or in another process."""
        if not self._character:
            return
        before = self._consent
        await self._read()
        if self._consent != before:
            self._begin(self.on_answer())
        if self._consent == YES and before != YES:
            self._begin(self._learn_unread())
        if self._consent == NO:
            self._unread.take_rest()

    @property
    def _with(self) -> Learning:
        if self._learning is None:
            raise RuntimeError("This one remembers nobody.")
        return self._learning

    @property
    def searches(self) -> bool:
        """Whether the question of a turn is read for what is remembered."""
        return self._recall.searches

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
        asking, self._asking = self._asking, False
        answer = clear_answer(text) if asking else None
        if answer is None:
            answer = consent_said(text)
        if answer is not None:
            self._answer(agreed=answer)
            return
        if (named := forget_request(text)) is not None:
            self._begin(self.forget(named, sequence))
            return
        self._said = [*self._said, text][-MOST_SAID:]
        self._take(text, sequence)

    def _take(self, text: str, sequence: int) -> None:
        if self._consent == NO:
            return
        today = self._with.clock().date()
        found = [
            replace(finding, said=sequence)
            for finding in findings_of(text, today, sensitive=self._with.sensitive)
            if finding.kind in self._bounds.kinds
        ]
        worth_asking = self._unread.ask is not None and len(text.encode()) >= LEAST_CHARACTERS
        if not found and not worth_asking:
            return
        self._unread.add(Said(sequence, text, found))
        if self._consent == YES:
            self._begin(self._learn_unread())
        elif found and not self._asked:
            self._asked = True
            self._begin(self.on_ask())

    def read_with(self, ask: AsksModel | None, calm: Calm) -> None:
        """Turns are read by this model, once it is `calm`; by rules where there is none."""
        self._unread.ask, self._unread.calm = ask, calm

    async def _learn_unread(self) -> None:
        """Reads what was said, until there is no more of it; whoever reads already takes it along."""
        if self._reading:
            return
        self._reading = True
        try:
            while self._unread and self._consent == YES:
                await self._unread.until_calm()
                await self._with.until_quiet(self._unread.over)
                today = self._with.clock().date()
                await self._learn(
                    await self._unread.read(self._recall.known, today, sensitive=self._with.sensitive)
                )
        finally:
            self._reading = False

    def question_spoken(self) -> None:
        """The character has asked whether it may; a clear yes or no that comes next is the answer."""
        self._asking = True
        self._begin(self._with.memories.note_asked(self._visitor, self._character))

    def _answer(self, *, agreed: bool) -> None:
        self._consent = YES if agreed else NO
        self._begin(self._keep_answer(agreed))

    async def _keep_answer(self, agreed: bool) -> None:
        async with self._reads:  # what is read before the answer is kept knows nothing of it
            self._now_known(await self._with.memories.set_consent(self._visitor, self._character, agreed))
        await self.on_answer()
        if agreed:
            await self._learn_unread()
        else:
            self._unread.take_rest()

    def forget(self, named: str, sequence: int) -> Coroutine[Any, Any, int]:
        """Forgets what is `named`, all for '', also as said up to that turn; the coroutine, in the rows."""
        gone = list(self._recall.known) if named == "" else matching(self._recall.known, named)
        self._unread.forget(named, sequence)
        self._said = [text for text in self._said if named and not is_about(Finding(text, "note"), named)]
        self._recall = Recall.of([memory for memory in self._recall.known if memory not in gone])
        self._let_go |= {memory.id for memory in gone}
        return self._erase([memory.id for memory in gone])

    async def _erase(self, ids: Sequence[UUID]) -> int:
        if ids:
            await self._with.memories.forget_some(self._visitor, self._character, ids)
        return len(ids)

    async def _learn(self, findings: Sequence[Finding]) -> None:
        found = [replace(one, session=self._session) for one in self._unread.kept(findings)]
        if not found:
            return
        learnt = await self._with.memories.add(self._visitor, self._character, found, self._bounds)
        if not learnt.new:
            return
        await self.on_learnt(learnt.new)
        await self._read()
        if self._recall.must_choose:  # before, all of it fits a turn
            await self._make_vectors()

    async def _make_vectors(self) -> None:
        made = await self._with.vectors_of(self._recall.known)
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
        self._unread.over.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=END_SECS)
        if self._consent != YES:
            return
        rest = self._unread.kept(self._unread.take_rest())
        today, sensitive = self._with.clock().date(), self._with.sensitive
        rest += left_of(self._said, summary, self._session, today, sensitive=sensitive)
        uses, self._uses = dict(self._uses), Counter()
        await self._quietly(self._keep_end(rest, uses))

    async def _keep_end(self, findings: Sequence[Finding], uses: dict[UUID, int]) -> None:
        if found := [replace(one, session=self._session) for one in findings]:
            await self._with.memories.add(self._visitor, self._character, found, self._bounds)
        if uses:
            await self._with.memories.note_used(self._visitor, self._character, uses)
