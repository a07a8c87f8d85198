"""Documents from end to end: given in one process, said by a character in another at the next turn."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.conftest import serving
from tests.servers import Server
from tests.visitors import Visitor
from tests.voicebot.connection.test_character_changes import greeted, say
from tests.voicebot.connection.test_resume import KEYS
from tests.voicebot.documents.shelves import LOG, needs_engine

MAKE = """
from tests.characters.factory import make_character
make_character(slug="reader", name="Reader", llm_provider="")
"""
GIVE = f"""
from asgiref.sync import async_to_sync
from characters import shelf
from characters.models import Character
from characters.versions import publishing
from voicebot.documents import DocumentReading
reader = Character.objects.get(slug="reader")
shelf.give(reader, "log.md", {LOG!r}.encode())
publishing.publish(reader)
async_to_sync(DocumentReading().read_all)()
"""
DELETE = """
from characters import shelf
from characters.models import Document
shelf.delete(Document.objects.get())
"""
READS = "tests.voicebot.documents.readers.QuotingLLM"
ASKED, TELLS = "What does the kraken eat?", "eats nothing but lanterns"


@pytest.fixture(scope="module")
def server(tmp_path_factory, redis_url) -> Iterator[Server]:
    """Commands reach it over Redis only."""
    environment = {
        "REDIS_URL": redis_url,
        "SESSION_KEYS": KEYS,
        "SECRET_KEY": "s" * 50,
        "LLM_PROVIDER": READS,
    }
    with serving(tmp_path_factory, "documents", **environment) as running:
        yield running


async def shell(server: Server, code: str) -> None:
    await asyncio.to_thread(server.command, "shell", "-c", code)


async def answer(visitor: Visitor) -> str:
    """All that is spoken to the question, in whatever pieces."""
    before = len(visitor.of("bot-output"))
    await say(visitor, ASKED)
    return " ".join(message["data"]["text"] for message in visitor.of("bot-output")[before:])


async def answer_with(visitor: Visitor, wanted: str) -> str:
    """Under load the vector of a question may be late for its turn: asked again then."""
    for _ in range(8):
        if wanted in (said := await answer(visitor)):
            break
    return said


@pytest.mark.local
async def test_what_another_process_was_given_is_said_at_the_next_turn_with_its_source(server):
    needs_engine()
    await shell(server, MAKE)
    url, _ = await asyncio.to_thread(server.start_session, "reader")
    async with Visitor(url) as visitor:
        await greeted(visitor)
        assert TELLS not in await answer(visitor)
        await shell(server, GIVE)
        await visitor.until(lambda: visitor.server_messages("character-updated"))
        said = await answer_with(visitor, TELLS)
        assert TELLS in said
        assert "The log of the Marigold" in said
        changes = len(visitor.server_messages("character-updated"))
        await shell(server, DELETE)
        await visitor.until(lambda: len(visitor.server_messages("character-updated")) > changes)
        assert TELLS not in await answer(visitor), "what was deleted is not said any more"
