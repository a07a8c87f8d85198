"""The recorder: nothing waits for it, nothing is lost to it, and its memory is bounded."""

import asyncio
from uuid import uuid4

import pytest
from django.db import OperationalError

from sessions_app.exceptions import SessionNotFound
from voicebot import recorder as module
from voicebot.recorder import HistoryFull, Recorder, Recorders


class Archive:
    """Stands where the manager stands: a database that comes and goes on command."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.away = False
        self.erased = False
        self.calls = 0

    async def append(self, _session_id, turns) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        if self.erased:
            raise SessionNotFound
        if self.away:
            raise OperationalError("gone")
        self.turns += [turn.text for turn in turns]


@pytest.fixture
def archive(monkeypatch) -> Archive:
    monkeypatch.setattr(module, "FIRST_RETRY_SECS", 0.001)
    monkeypatch.setattr(module, "LAST_RETRY_SECS", 0.002)
    return Archive()


async def test_turns_are_written_in_order_and_in_batches(archive):
    recorder = Recorder(archive, uuid4(), written=4)
    added = [recorder.add("user", str(number)) for number in range(120)]
    assert [turn.sequence for turn in added[:2]] == [5, 6]
    assert await recorder.flush(5)
    assert archive.turns == [str(number) for number in range(120)]
    assert archive.calls <= 4


async def test_nothing_is_lost_while_the_database_is_away(archive):
    archive.away = True
    recorder = Recorder(archive, uuid4(), written=0)
    for number in range(10):
        recorder.add("user", str(number))
    assert not await recorder.flush(0.05)
    archive.away = False
    assert await recorder.flush(5)
    assert archive.turns == [str(number) for number in range(10)]


async def test_memory_is_bounded(archive):
    archive.away = True
    recorder = Recorder(archive, uuid4(), written=0)
    for number in range(module.MOST_WAITING):
        recorder.add("user", str(number))
    with pytest.raises(HistoryFull):
        recorder.add("user", "one too many")
    assert recorder.waiting == module.MOST_WAITING
    archive.away = False
    assert await recorder.flush(5)


async def test_what_is_erased_is_not_written(archive):
    archive.erased = True
    recorder = Recorder(archive, uuid4(), written=0)
    recorder.add("user", "gone")
    assert await recorder.flush(5)
    assert archive.turns == []


async def test_who_leaves_while_the_database_is_away_is_still_written_down(archive):
    archive.away = True
    recorders, session = Recorders(), uuid4()
    recorders.of(archive, session).add("user", "goodbye")
    await recorders.leave(session, 0.01)
    assert recorders.of(archive, session).waiting == 1, "who comes back finds the same recorder"
    archive.away = False
    assert await recorders.settled(session, 5)
    assert archive.turns == ["goodbye"]
    assert await recorders.flush(1) == 0
