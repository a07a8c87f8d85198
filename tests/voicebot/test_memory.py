"""What a model is told of the past: short, however long the conversation was."""

import asyncio

import pytest
from django.utils import timezone
from pipecat.processors.aggregators.llm_context import LLMContext

from sessions_app.history import Past, Turn
from sessions_app.manager import SyncSessionManager
from tests.characters.factory import make_character
from tests.characters.test_prompts import SHEET
from tests.visitors import rtvi_message
from voicebot import memory

NOW = timezone.now()


def turn(number: int, text: str = "", *, interrupted: bool = False) -> Turn:
    return Turn(number, "user" if number % 2 else "assistant", text or f"turn {number}", interrupted, NOW)


def test_the_past_becomes_messages_and_a_cut_off_turn_says_so():
    past = Past("", 0, [turn(1, "Tell me"), turn(2, "Once upon a", interrupted=True)])
    assert memory.as_messages(past) == [
        {"role": "user", "content": "Tell me"},
        {"role": "assistant", "content": "Once upon a —"},
    ]


def test_a_reply_that_was_cut_off_is_marked_in_the_models_context():
    context = LLMContext()
    for role, content in (("user", "Tell me"), ("assistant", "Once upon a"), ("user", "Once upon a")):
        context.add_message({"role": role, "content": content})
    memory.mark_cut_off(context, "Once upon a")
    assert [m["content"] for m in context.get_messages()] == ["Tell me", "Once upon a —", "Once upon a"]


class Model:
    """An LLM service that answers out of band, or fails to."""

    def __init__(self, answer: str | None = "They spoke of ships."):
        self.answer = answer
        self.asked = ""

    async def run_inference(self, context, max_tokens=None, system_instruction=None):
        self.asked = context.get_messages()[0]["content"]
        if self.answer is None:
            raise RuntimeError
        return self.answer


async def test_old_turns_are_put_into_a_few_sentences_by_the_model():
    model = Model()
    text = await memory.summarise(model, SHEET, "They met.", [turn(1, "Ships?"), turn(2, "Many.")])
    assert text == "They spoke of ships."
    assert "So far: They met." in model.asked
    assert "Visitor: Ships?\nCaptain Marlow: Many." in model.asked


@pytest.mark.parametrize("model", [Model(None), Model(""), object()])
async def test_a_model_that_cannot_leaves_the_gist(model):
    text = await memory.summarise(model, SHEET, "They met.", [turn(1, "Ships?"), turn(2, "Many.")])
    assert text == "They met. The visitor said: Ships?."


async def test_a_summary_has_a_limit():
    turns = [turn(number, "word " * 200) for number in range(1, 200)]
    assert len(await memory.summarise(object(), SHEET, "", turns)) <= memory.SUMMARY_CHARACTERS


@pytest.mark.django_db(transaction=True)
def test_a_conversation_of_500_turns_begins_with_as_little_as_one_of_50():
    make_character()
    manager = SyncSessionManager()
    session = manager.create(character="marlow", visitor="anon:me")
    manager.append(session.id, [turn(number) for number in range(1, 501)])
    past = manager.past(session.id, memory.NEWEST_TURNS)
    assert [t.sequence for t in past.turns] == list(range(461, 501))
    manager.keep_summary(session.id, 490, "short")
    assert len(manager.past(session.id, memory.NEWEST_TURNS).turns) == 10


async def test_a_long_conversation_is_summarised_once_beside_itself(server):
    """Sixty turns are typed into a live conversation; its export then has a summary."""
    from tests.visitors import Visitor

    url, answer = await asyncio.to_thread(server.start_session)
    cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        for number in range(memory.SUMMARISE_FROM):
            stopped = len(visitor.of("bot-llm-stopped"))
            await visitor.socket.send(rtvi_message("send-text", {"content": f"remark {number}"}))
            await visitor.until(lambda count=stopped: len(visitor.of("bot-llm-stopped")) > count)
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        async with asyncio.timeout(20):
            while True:
                kept = await asyncio.to_thread(server.request, f"/api/sessions/{session}", **cookie)
                if kept.json["summary"]:
                    break
                await asyncio.sleep(0.3)
    assert "remark 1" in kept.json["summary"]
    said = [t["text"] for t in kept.json["turns"] if t["role"] == "user"]
    assert said == [f"remark {number}" for number in range(memory.SUMMARISE_FROM)]
