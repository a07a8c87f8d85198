"""The index of a character on stage is there before its first visitor asks."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from characters.lore.rules.meaning import ByMeaning, changed
from characters.models import Character
from characters.versions import publishing
from tests.characters.factory import make_character
from tests.voicebot.repertoire.test_written_turn import EXAMPLES
from voicebot import runtime
from voicebot.lore import LoreIndexes
from voicebot.meaning import VectorStore, embeddings
from voicebot.providers import ReadingAhead
from voicebot.repertoire import IndexCache

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
ON_STAGE = {"examples": EXAMPLES, "llm_provider": "repertoire"}


@pytest.fixture
def cache(tmp_path):
    return IndexCache(embeddings(), VectorStore(tmp_path / "meanings.sqlite3"))


def by_meaning(cache) -> int:
    cache.read(20)
    return sum(written.index.by_meaning for written in cache._known.values())


async def test_at_the_start_what_is_on_stage_is_read_and_drafts_and_scripts_are_not(cache):
    await sync_to_async(make_character)(slug="marlow", **ON_STAGE)
    await sync_to_async(make_character)(slug="fenn", name="Fenn", examples="{{user}}: Hi\n{{char}}: Ho.\n")
    await sync_to_async(Character.objects.create)(slug="ada", name="Ada", **ON_STAGE)
    await ReadingAhead(lambda: cache).round()
    assert len(cache._known) == 1
    assert await asyncio.to_thread(by_meaning, cache) == 1


async def test_entries_of_lore_that_fire_by_meaning_are_read_as_well_whatever_speaks(tmp_path, cache):
    passages, questions = (VectorStore(tmp_path / "lore.sqlite3", kind) for kind in ("passage ", ""))
    lore = LoreIndexes(embeddings(), passages, questions)
    meant = {
        "keys": ["soup"],
        "content": "It has saffron.",
        "rest": changed("{}", ByMeaning(wanted=True), ""),
    }
    await sync_to_async(make_character)(slug="marlow", lore=[meant])
    await sync_to_async(make_character)(slug="fenn", name="Fenn", lore=[{**meant, "rest": "{}"}])
    await ReadingAhead(lambda: cache, lambda: lore).round()
    await asyncio.to_thread(lore.read, 20)
    assert [index.by_meaning for index in lore._known.values()] == [True]


async def test_what_calls_a_tool_by_meaning_is_read_as_well(tmp_path, cache):
    passages, questions = (VectorStore(tmp_path / "lore.sqlite3", kind) for kind in ("passage ", ""))
    lore = LoreIndexes(embeddings(), passages, questions)
    dice = {"name": "dice", "kind": "dice", "meanings": ["let us gamble"]}
    await sync_to_async(make_character)(slug="marlow", tools=[dice, {"name": "clock", "kind": "clock"}])
    await sync_to_async(make_character)(slug="fenn", name="Fenn", tools=[{**dice, "enabled": False}])
    await ReadingAhead(lambda: cache, lambda: lore).round()
    await asyncio.to_thread(lore.read, 20)
    assert [index.texts for index in lore._known.values()] == [["let us gamble"]]
    assert all(index.by_meaning for index in lore._known.values())


async def test_who_publishes_does_not_wait_for_the_next_minute(cache, monkeypatch):
    marlow = await sync_to_async(make_character)(slug="marlow", **ON_STAGE)
    ahead = ReadingAhead(lambda: cache)
    monkeypatch.setattr(runtime.default(), "reading_ahead", ahead)
    running = asyncio.create_task(ahead.run())
    try:
        async with asyncio.timeout(20):
            while len(cache._known) < 1:
                await asyncio.sleep(0.02)
            marlow.examples += "<START>\n{{user}}: Do you like cheese?\n{{char}}: Only with rum.\n"
            await sync_to_async(marlow.save)()
            await sync_to_async(publishing.publish)(marlow)
            while len(cache._known) < 2:
                await asyncio.sleep(0.02)
        assert await asyncio.to_thread(by_meaning, cache) == 2
    finally:
        running.cancel()
