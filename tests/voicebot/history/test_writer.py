"""The history writer: nothing waits for it, nothing is lost to it, and its memory is bounded."""

import asyncio
import os
from uuid import UUID, uuid4

import pytest
from django.db import DataError, OperationalError

from sessions_app.crypto.sealer import Sealer
from sessions_app.exceptions import ServerFull, SessionNotFound
from sessions_app.session.turn import Turn
from sessions_app.stores import Appended
from tests.patience import PATIENCE_SECS
from voicebot.history import writer as module
from voicebot.history.writer import HistoryFull, HistoryWriter, HistoryWriters, SpoolThread

SESSION = uuid4()
SEALER = Sealer(bytes(32), SESSION)


class Manager:
    """Stands where the manager stands: a database that comes and goes on command."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Turn] = {}
        self.fails: Exception | None = None
        self.loses_answers = 0
        self.refuses = ""
        self.holder: UUID | None = None
        self.memories: str | None = None
        self.calls = 0
        self.answers = asyncio.Event()
        self.answers.set()

    @property
    def turns(self) -> list[str]:
        return [turn.text for turn in self.kept.values()]

    async def append_sealed(self, _session_id, turns) -> Appended:
        self.calls += 1
        await asyncio.sleep(0)
        await self.answers.wait()
        if self.fails:
            raise self.fails
        opened = [Turn.opened(turn, SEALER) for turn in turns]
        if any(turn.text == self.refuses and turn.latency_ms != 0 for turn in opened):
            raise DataError("integer out of range")
        self.kept |= {turn.identity: turn for turn in opened}
        if self.loses_answers:
            self.loses_answers -= 1
            raise OperationalError("server closed the connection unexpectedly")
        return Appended([], self.holder, self.memories)


@pytest.fixture
def manager(monkeypatch) -> Manager:
    monkeypatch.setattr(module, "FIRST_RETRY_SECS", 0.001)
    monkeypatch.setattr(module, "LAST_RETRY_SECS", 0.002)
    return Manager()


@pytest.fixture
def writer(manager, spool) -> HistoryWriter:
    return HistoryWriter(manager, SESSION, SEALER, spool)


async def until(true) -> None:
    async with asyncio.timeout(PATIENCE_SECS):
        while not true():
            await asyncio.sleep(0.001)


def on_disk(spool: SpoolThread) -> int:
    spool.sync().result(5)  # whatever was handed over before is in the files now
    return spool.spool.waiting


async def test_turns_are_written_in_order_and_in_batches(writer, manager, spool):
    writer.behind(4)
    added = [writer.add("user", str(number)) for number in range(120)]
    assert [turn.sequence for turn in added[:2]] == [5, 6]
    assert await writer.flush(5)
    assert manager.turns == [str(number) for number in range(120)]
    assert manager.calls <= 4
    assert on_disk(spool) == 0, "what is home is in no file"


async def test_nothing_is_lost_while_the_database_is_away_and_all_of_it_is_on_disk(writer, manager, spool):
    manager.fails = OperationalError("gone")
    for number in range(10):
        writer.add("user", str(number))
    assert not await writer.flush(0.05)
    assert on_disk(spool) == 10
    manager.fails = None
    assert await writer.flush(5)
    assert manager.turns == [str(number) for number in range(10)]
    assert on_disk(spool) == 0


async def test_an_answer_that_is_lost_doubles_nothing(writer, manager):
    manager.loses_answers = 3
    for number in range(5):
        writer.add("user", str(number))
    assert await writer.flush(5)
    assert manager.turns == [str(number) for number in range(5)]


async def test_a_turn_is_on_disk_before_a_slow_database_answers(writer, manager, spool):
    manager.answers.clear()
    writer.add("user", "slowly")
    assert on_disk(spool) == 1
    manager.answers.set()
    assert await writer.flush(5)


async def test_memory_is_bounded(writer, manager):
    manager.fails = OperationalError("gone")
    for number in range(module.MOST_WAITING):
        writer.add("user", str(number))
    with pytest.raises(HistoryFull):
        writer.add("user", "one too many")
    assert writer.waiting == module.MOST_WAITING
    manager.fails = None
    assert await writer.flush(5)


async def test_what_is_erased_is_not_written(writer, manager, spool):
    manager.fails = SessionNotFound()
    writer.add("user", "gone")
    assert await writer.flush(5)
    assert manager.turns == []
    assert on_disk(spool) == 0


async def test_a_store_that_is_busy_is_asked_again(writer, manager):
    """A lock that could not be had is no reason to drop anybody's words."""
    manager.fails = ServerFull()
    writer.add("user", "patience")
    assert not await writer.flush(0.02)
    manager.fails = None
    assert await writer.flush(5)
    assert manager.turns == ["patience"]


async def test_a_turn_that_is_refused_for_good_is_put_aside_and_holds_up_no_other(
    writer, manager, spool, tmp_path
):
    manager.refuses = "poison"
    for text in ("before", "poison", "after"):
        writer.add("user", text)
    assert await writer.flush(5)
    assert manager.turns == ["before", "after"]
    assert manager.calls < 20, "and is not tried for ever"
    assert on_disk(spool) == 0
    assert len(list((tmp_path / "spool").glob("*.refused"))) == 1


async def test_a_figure_that_is_refused_does_not_cost_the_words(writer, manager):
    manager.refuses = "quick"

    async def refuses_figures(session_id, turns):
        if any(turn.latency_ms is not None and turn.latency_ms < 0 for turn in turns):
            raise DataError("violates check constraint")
        manager.refuses = ""
        return await Manager.append_sealed(manager, session_id, turns)

    writer._manager = type("Refusing", (), {"append_sealed": staticmethod(refuses_figures)})
    writer.add("assistant", "quick", latency_ms=-17705)
    assert await writer.flush(5)
    assert manager.turns == ["quick"]


async def test_whoever_has_lost_the_session_hears_of_it_from_the_database(writer, manager):
    told = []
    writer.on_replaced = lambda: told.append(True)
    writer.connection = manager.holder = uuid4()
    writer.add("user", "mine")
    assert await writer.flush(5)
    assert not told
    manager.holder = uuid4()
    writer.add("user", "no longer")
    assert await writer.flush(5)
    assert told
    assert manager.turns == ["mine", "no longer"], "what was said was said"


async def test_who_leaves_while_the_database_is_away_is_still_written_down(manager, spool):
    manager.fails = OperationalError("gone")
    writers = HistoryWriters(spool)
    writers.take(manager, SESSION, SEALER).add("user", "goodbye")
    assert not await writers.leave(SESSION, 0.01)
    again = writers.take(manager, SESSION, SEALER)
    assert again.waiting == 1, "who comes back finds the same writer"
    manager.fails = None
    assert await writers.settled(SESSION, 5)
    assert manager.turns == ["goodbye"]
    assert await writers.leave(SESSION, 5)
    assert await writers.flush(1) == 0


async def test_a_slow_leaver_does_not_take_the_writer_from_who_came_after(manager, spool):
    writers = HistoryWriters(spool)
    first = writers.take(manager, SESSION, SEALER)
    second = writers.take(manager, SESSION, SEALER)
    assert first is second
    assert await writers.leave(SESSION, 5)
    second.add("user", "still here")
    assert writers.waiting == 1, "and the last flush of the process knows it"
    assert writers.take(manager, SESSION, SEALER) is second
    await writers.flush(5)


async def test_a_disk_that_takes_nothing_costs_the_safety_and_not_the_conversation(
    writer, manager, spool, monkeypatch, caplog
):
    monkeypatch.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    for number in range(5):
        writer.add("user", str(number))
    assert await writer.flush(5)
    assert manager.turns == [str(number) for number in range(5)]
    spool.sync().result(5)
    assert len([r for r in caplog.records if "No space left" in r.getMessage()]) == 1
