"""A worker that is full says so before it gets slow, and nothing holds its event loop."""

import asyncio
import re

import pytest

from sessions_app.exceptions import ServerFull
from tests.servers import Server
from tests.visitors import Visitor
from voicebot.ops.capacity import Capacity
from voicebot.ops.load import Load, cores

VISITORS, STALL_SECS = 8, "0.05"


class Clocks:
    """Time that passes, and how much of it the loop and the process used."""

    def __init__(self) -> None:
        self.now = self.loop = self.process = 0.0

    def load(self) -> Load:
        return Load(lambda: self.now, lambda: self.loop, lambda: self.process)

    def pass_on(self, load: Load, secs: float, *, loop: float = 0.0, process: float = 0.0) -> None:
        for _ in range(int(secs / 0.1)):
            load.measure()
            self.now += 0.1
            self.loop += 0.1 * loop
            self.process += 0.1 * process
        load.measure()


@pytest.mark.parametrize("use", [{"loop": 0.95}, {"process": 0.95 * cores()}])
def test_a_busy_loop_or_busy_cores_turn_the_next_visitor_away(settings, use):
    settings.MAX_LOAD = 0.8
    clocks = Clocks()
    load = clocks.load()
    capacity = Capacity(load)
    capacity.take()
    clocks.pass_on(load, 2, **use)
    capacity.take()  # one busy moment is not yet a full house
    clocks.pass_on(load, 30, **use)
    with pytest.raises(ServerFull) as refused:
        capacity.take()
    assert refused.value.retry_after_secs
    clocks.pass_on(load, 30)
    capacity.take()


def test_an_empty_house_lets_the_first_visitor_in_however_busy_it_was(settings):
    settings.MAX_LOAD = 0.8
    clocks = Clocks()
    load = clocks.load()
    clocks.pass_on(load, 60, loop=1.0)
    Capacity(load).take()


def test_the_limit_is_the_one_that_is_set(settings):
    clocks = Clocks()
    load = clocks.load()
    clocks.pass_on(load, 60, loop=0.5)
    capacity = Capacity(load)
    capacity.taken = 1
    settings.MAX_LOAD = 0.55
    capacity.check()
    settings.MAX_LOAD = 0.45
    with pytest.raises(ServerFull):
        capacity.check()


def stalls(server: Server) -> tuple[int, int]:
    """How often the loop was watched, and how often something held it for longer than allowed."""
    metrics = server.request("/metrics").body.decode()
    within, every = (
        re.search(rf'greenroom_loop_stall_seconds_bucket{{le="{le}"}} (\S+)', metrics)
        for le in (STALL_SECS, r"\+Inf")
    )
    assert within
    assert every
    return int(float(every[1])), int(float(every[1]) - float(within[1]))


@pytest.mark.alone
async def test_nothing_holds_the_event_loop_while_many_talk(server):
    """Time in which other processes had the core is not counted: see voicebot/load.py."""

    async def talk() -> None:
        url, _ = await asyncio.to_thread(server.start_session)
        async with Visitor(url) as visitor:
            await visitor.get_ready()
            for _ in range(2):
                await visitor.ask()

    before = await asyncio.to_thread(stalls, server)
    await asyncio.gather(*(talk() for _ in range(VISITORS)))
    watched, held = await asyncio.to_thread(stalls, server)
    assert watched - before[0] > 50
    assert held == before[1], f"the loop was held {held - before[1]} times for more than {STALL_SECS} s"
