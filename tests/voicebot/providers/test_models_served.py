"""A visitor's conversation with models of the kinds that people run, over the whole way to the page."""

import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pipecat.processors.aggregators.llm_context import LLMContext

from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import asked
from tests.voicebot.model_server import Model, deepseek, gemma, mistral, model_server
from tests.voicebot.providers.test_compatible_llm import loads
from voicebot.pipeline.prompt_processor import forget_asides
from voicebot.providers.local.owned_folder import OwnedFolder


async def ask(visitor: Visitor, text: str) -> None:
    await visitor.socket.send(rtvi_message("send-text", {"content": text}))


async def turns(visitor: Visitor, count: int) -> list[dict]:
    """The history, when it has so many turns."""
    async with asyncio.timeout(20):
        while len(found := (await asked(visitor, "session.history", {}))["turns"]) < count:
            await asyncio.sleep(0.2)
    return found


@asynccontextmanager
async def conversation(server):
    """A visitor who has been greeted."""
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        yield visitor


def served_by(own_server, model: Model):
    return asyncio.to_thread(
        own_server,
        LLM_PROVIDER="openai",
        OPENAI_LLM_BASE_URL=model.url,
        PROVIDER_TIMEOUT_SECS="1",
        MODEL_LOAD_SECS="20",
    )


@pytest.mark.long
async def test_a_visitor_talks_with_models_of_all_kinds(own_server):
    async with model_server() as model:
        server = await served_by(own_server, model)
        for template in (gemma, mistral, deepseek):
            await the_captain_is_asked_in_turn(server, model, template)
        await thoughts_reach_nobody(server, model)
        await a_broken_reply_is_marked(server, model)
        await a_load_is_waited_for(server, model)


async def the_captain_is_asked_in_turn(server, model, template) -> None:
    model.template = template
    async with conversation(server) as visitor:
        await ask(visitor, "I like you \ud83d")  # half an emoji, escaped in JSON
        assert (await turns(visitor, 3))[1]["text"] == "I like you \ufffd"
        await ask(visitor, "And the sea?")
        found = await turns(visitor, 5)
    assert [turn["text"] for turn in found[2::2]] == ["Ahoy there. The sea is wide today."] * 2
    model.template = None


async def thoughts_reach_nobody(server, model) -> None:
    secret = "Saperlipopette"
    for said in (
        ["<think>", f"{secret}! One. Two. Three.", " Four.</thi", "nk>\n\nAhoy."],
        [{"reasoning_content": f"{secret}."}, "Ahoy."],
    ):
        model.say(*said)
        async with conversation(server) as visitor:
            await ask(visitor, "Hello")
            assert (await turns(visitor, 3))[2]["text"] == "Ahoy."
            assert secret not in json.dumps(visitor.messages)
            await ask(visitor, "And now?")
            await turns(visitor, 5)
        assert secret not in json.dumps(model.asked)
    assert secret not in server.words()


async def a_broken_reply_is_marked(server, model) -> None:
    model.say("The sea is wide. ", "And let me", 5.0)
    async with conversation(server) as visitor:
        await ask(visitor, "Hello")
        told = (await turns(visitor, 3))[2]
        assert (told["text"], told["interrupted"]) == ("The sea is wide.", True)
        await visitor.until(lambda: visitor.of("error"))
        model.behaviour = None
        await ask(visitor, "Go on")
        assert (await turns(visitor, 5))[4]["interrupted"] is False


async def a_load_is_waited_for(server, model) -> None:
    model.behaviour, before = loads(4), model.given_up
    async with conversation(server) as visitor:
        await ask(visitor, "Hello")
        found = await turns(visitor, 3)
    assert [turn["text"] for turn in found[1:]] == ["Hello", "Ahoy."]
    assert not visitor.server_messages("trouble")
    assert model.given_up == before


def test_what_pipecat_tells_of_a_turn_without_words_is_not_remembered():
    said = [{"role": "assistant", "content": "Ahoy!"}, {"role": "user", "content": "Hello"}]
    context = LLMContext([said[0], {"role": "developer", "content": "They coughed."}, said[1]])
    forget_asides(context)
    assert context.get_messages() == said


def test_a_folder_left_by_a_killed_process_is_removed_by_the_next():
    with tempfile.TemporaryDirectory() as parent:
        left = Path(parent, "openings-left")
        left.mkdir()
        for name in (".lock", "a-prompt"):
            (left / name).touch()
        stranger = Path(parent, "other")
        stranger.mkdir()
        mine = OwnedFolder(Path(parent), "openings-")
        another = OwnedFolder(Path(parent), "openings-")
        assert {mine.path, another.path, stranger} == set(Path(parent).iterdir())
