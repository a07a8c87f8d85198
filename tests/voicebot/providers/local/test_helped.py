"""A small model's reply is spoken where nothing is wrong with it; else what is written, and in time."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from pipecat.processors.aggregators.llm_context import LLMContext

from characters.spec import CharacterSpec
from voicebot.providers.llm.reply_frames import WrittenReplyFrame
from voicebot.providers.local import helped, smollm
from voicebot.repertoire import Answer, Source, WrittenContext, WrittenTurn

SPEC = CharacterSpec(slug="marlow", name="Captain Marlow")
FALLBACK = Answer("That is not in my log.", Source.FALLBACK)
NEAR = Answer("A cold wind, that.", Source.WRITTEN)


def chunk(text: str):
    return SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content=text))])


class Pushed:
    """Of a HelpedLLM whose model says these, one for each try; None never comes."""

    def __init__(self, monkeypatch, *tries: str | None):
        self.words: list[str] = []
        self.frames: list[object] = []
        self.asked = 0

        async def stream(text: str | None):
            if text is None:
                await asyncio.Event().wait()
            for word in (text or "").split():
                yield chunk(word + " ")

        async def completions(_service, _context):
            self.asked += 1
            return stream(tries[self.asked - 1])

        async def push_text(_service, text):
            self.words.append(text)

        async def push_frame(_service, frame, *_):
            self.frames.append(frame)

        monkeypatch.setattr(smollm.LocalLLM, "get_chat_completions", completions)
        monkeypatch.setattr(helped.HelpedLLM, "push_text", push_text)
        monkeypatch.setattr(helped.HelpedLLM, "push_frame", push_frame)
        self.model = helped.HelpedLLM(
            SPEC, api_key="unused", base_url="http://127.0.0.1:9/v1", patience=smollm.LOCAL_PATIENCE
        )

    async def reply(self, **turn) -> str:
        context = WrittenContext([])
        context.written = WrittenTurn(fallback=FALLBACK, **turn)
        async for piece in await self.model.get_chat_completions(context):
            self.words.append(piece.choices[0].delta.content)
        return "".join(self.words).strip()


GOOD, BAD = "The wind is cold tonight, friend.", "As an AI language model, I cannot say."
TRIES: Sequence[tuple[tuple[str | None, ...], dict, str, int]] = [
    ((GOOD,), {}, GOOD, 1),
    ((BAD, GOOD), {}, GOOD, 2),
    ((BAD, BAD), {}, FALLBACK.text, 2),
    ((BAD,), {"near": NEAR}, NEAR.text, 1),
    (("One. Two is more. Three is many.",), {}, "One. Two is more.", 1),
    (("Well, friend, as an AI I am glad.",), {}, "Well, friend,\u2026 That is not in my log.", 1),
    (("", GOOD), {}, GOOD, 2),
]


@pytest.mark.parametrize(("tries", "turn", "spoken", "asked"), TRIES)
async def test_replies(monkeypatch, tries, turn, spoken, asked):
    pushed = Pushed(monkeypatch, *tries)
    assert await pushed.reply(**turn) == spoken
    assert pushed.asked == asked


async def test_what_is_no_turn_of_a_conversation_is_the_models_own(monkeypatch):
    """A summary, a trial at the desk: nothing is written for them that could be said instead."""
    pushed = Pushed(monkeypatch, BAD)
    said = [piece async for piece in await pushed.model.get_chat_completions(LLMContext([]))]
    assert "".join(piece.choices[0].delta.content for piece in said).strip() == BAD
    assert pushed.asked == 1


async def test_another_try_has_only_what_is_left_of_the_time(monkeypatch):
    monkeypatch.setattr(helped, "RETRY_SECS", 0.05)
    pushed = Pushed(monkeypatch, BAD, None)
    async with asyncio.timeout(5):
        assert await pushed.reply() == FALLBACK.text
    assert pushed.asked == 2


async def test_what_is_written_is_said_whole(monkeypatch):
    pushed = Pushed(monkeypatch)
    sure = Answer("One. Two. Three. Four.", Source.WRITTEN, SimpleNamespace(sure=1.0))
    assert await pushed.reply(answer=sure) == sure.text
    assert isinstance(pushed.frames[0], WrittenReplyFrame)
