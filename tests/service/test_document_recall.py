"""What a visitor asks of documents reaches the model with what they say of it, and stands nowhere else."""

import asyncio
import json

import psycopg
import pytest

from tests.patience import PATIENCE_SECS
from tests.service.test_drawn_memories import kept_everywhere, two_servers
from tests.service.test_remembering import Guest
from tests.visitors import rtvi_message
from tests.voicebot.connection.test_resume import cookie_of

CANARY = "Quandongpeach"
ASKED = f"My name is {CANARY}. What do krakens eat?"
GIVE = """
from characters import shelf
from characters.models import Character
from characters.versions import publishing
marlow = Character.objects.get(slug="captain-marlow")
text = b"# The log of the Marigold\\n\\n## The kraken\\n\\nKrakens eat nothing but lanterns.\\n"
shelf.give(marlow, "log.md", text)
publishing.publish(marlow)
print("GIVEN")
"""


async def read_by_a_server(database: str) -> None:
    """Waits until one of the servers has read and embedded it."""
    async with asyncio.timeout(PATIENCE_SECS), await psycopg.AsyncConnection.connect(database) as asking:
        await asking.set_autocommit(True)
        while True:
            rows = await (await asking.execute("SELECT state FROM characters_document")).fetchall()
            if rows == [("ready",)]:
                return
            await asyncio.sleep(0.2)


@pytest.mark.local
async def test_what_was_asked_of_a_document_stands_nowhere_and_is_gone_with_its_conversation(
    tmp_path, redis_url
):
    async with two_servers(tmp_path, redis_url) as stage:
        given = await asyncio.to_thread(stage.first.command, "shell", "-c", GIVE)
        assert "GIVEN" in given
        await read_by_a_server(stage.first.database)
        for server in (stage.first, stage.second):
            url, answer = await asyncio.to_thread(server.start_session)
            async with Guest(url) as guest:
                await guest.greeted()
                await told_of_the_kraken(guest, stage)
                kept = await kept_everywhere(stage, redis_url, tmp_path)
                for place, content in kept.items():
                    for words in (CANARY, CANARY.lower(), "do krakens eat"):
                        assert words not in content, f"{words} stands in {place}"
                await guest.socket.send(rtvi_message("client-message", {"t": "session.end", "d": {}}))
                await guest.until_closed()
            session = url.partition("/ws/session/")[2].partition("/")[0]
            erased = await asyncio.to_thread(
                server.request, f"/api/sessions/{session}", method="DELETE", **cookie_of(answer)
            )
            assert erased.status in (200, 204), erased.body
        kept = await kept_everywhere(stage, redis_url, tmp_path)
        assert CANARY not in json.dumps(kept)


async def told_of_the_kraken(guest: Guest, stage) -> None:
    """Asks until the passage is in the prompt: an index takes up what was published beside the talk."""
    async with asyncio.timeout(PATIENCE_SECS):
        while True:
            before = len(stage.model.asked)
            await guest.says(ASKED)
            prompts = stage.prompts(before)
            assert CANARY in prompts[-1]
            if "eat nothing but lanterns" in prompts[-1]:
                assert "The log of the Marigold" in prompts[-1], "with its source"
                return
