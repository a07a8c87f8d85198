"""A keeper of memories that goes by the tests' clock, and a visitor who has agreed."""

import pytest

from sessions_app.memories import Bounds, Finding, SyncMemories
from tests.characters.factory import make_character

ME = "anon:me"
MARLOW = "marlow"
BOUNDS = Bounds(most=20, days=30)
NAME = Finding("is called Robin", "name", "name", 0.9, value="Robin")
DOG = Finding("has a dog called Pip", "life", "pet:dog", 0.9, value="Pip")
PLAN = Finding("wants to sail to Crete on Friday", "plan", "plan:sail", 0.8, due="2026-03-06")


@pytest.fixture
def memories(clock):
    make_character()
    return SyncMemories(clock)


@pytest.fixture
def agreed(memories):
    memories.set_consent(ME, MARLOW, True)
    return memories


def texts(memories, visitor=ME, character=MARLOW):
    return {memory.text for memory in memories.known(visitor, character).recollections}
