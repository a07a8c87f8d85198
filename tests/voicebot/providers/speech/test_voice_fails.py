"""When the voice fails: the history, the model and the captions hold what was heard, in that order."""

import asyncio
import time
from collections.abc import Iterator

import numpy as np
import pytest

from tests.conftest import serving
from tests.servers import Server
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import asked
from tests.voicebot.players import pitch_hz
from tests.voicebot.speech_server import TONE_HZ, SpeechServer, speech_server
from voicebot.pipeline.replies.fallback_reply import APOLOGY

TIMEOUT_SECS = 1.0


@pytest.fixture(scope="module")
def voice() -> Iterator[SpeechServer]:
    with speech_server() as running:
        yield running


def environment(voice: SpeechServer) -> dict[str, str]:
    return {
        "LLM_PROVIDER": "tests.voicebot.players.RecitingLLM",
        "TTS_PROVIDER": "openai",
        "OPENAI_TTS_BASE_URL": voice.url,
        "PROVIDER_TIMEOUT_SECS": str(TIMEOUT_SECS),
        "PROVIDER_RETRIES": "0",
        "ANSWER_SECS": "4",
    }


@pytest.fixture(scope="module")
def connection_registry(tmp_path_factory, voice) -> Iterator[Server]:
    with serving(tmp_path_factory, "voice_fails", **environment(voice)) as running:
        yield running


async def greeted(visitor: Visitor) -> None:
    await visitor.get_ready()
    await visitor.until(lambda: visitor.of("bot-stopped-speaking"))


async def write(visitor: Visitor, text: str) -> None:
    await visitor.socket.send(rtvi_message("send-text", {"content": text}))


async def told(visitor: Visitor) -> list[tuple[str, bool]]:
    """What the character said after the greeting, and whether something is missing."""
    turns = (await asked(visitor, "session.history", {}))["turns"]
    return [(t["text"], t["interrupted"]) for t in turns if t["role"] == "assistant"][1:]


async def until_told(visitor: Visitor, text: str, secs: float = 15) -> list[tuple[str, bool]]:
    async with asyncio.timeout(secs):
        while True:
            turns = await told(visitor)
            if any(text in said for said, _ in turns):
                return turns
            await asyncio.sleep(0.2)


def completed(visitor: Visitor) -> list[str]:
    """The captions that were told to have been spoken."""
    said = [m["data"] for m in visitor.of("bot-output")]
    return [m["text"] for m in said if m.get("spoken_status") == "completed"]


@pytest.mark.parametrize("fault", ["breaks", "hangs", "stalls", "cut", "empty", "short", "page"])
async def test_what_nobody_heard_was_not_said(connection_registry, voice, fault):
    url, _ = await asyncio.to_thread(connection_registry.start_session)
    async with Visitor(url) as visitor:
        await greeted(visitor)
        heard = len(visitor.audible_at)
        began = time.monotonic()
        await write(visitor, f"This one {fault} at once. And this would follow.")
        turns = await until_told(visitor, APOLOGY)
        assert visitor.audible_at[heard] - began < 4 + 1, "nothing was heard in time"
        assert turns == [(APOLOGY, False)]
        assert len(visitor.server_messages("trouble")) == 1
        assert not [text for text in completed(visitor) if fault in text]
        assert "And this would follow." not in voice.asked
        await write(visitor, "repeat")
        turns = await until_told(visitor, "Give me a moment")
        await visitor.until(lambda: any(";" in text for text in completed(visitor)))
        assert not any(fault in text for text in completed(visitor)), "the model believes it was said"


@pytest.mark.parametrize("fault", ["breaks", "hangs", "stalls", "cut", "empty"])
async def test_a_voice_that_fails_at_its_second_sentence_leaves_the_first_marked(
    connection_registry, voice, fault
):
    url, _ = await asyncio.to_thread(connection_registry.start_session)
    async with Visitor(url) as visitor:
        await greeted(visitor)
        await write(visitor, f"The first is whole. The second {fault} here. Third of the {fault} kind.")
        turns = await until_told(visitor, "The first is whole.")
        assert turns[0] == ("The first is whole.", True)
        assert [text for text in completed(visitor) if "is whole" in text or fault in text] == [
            "The first is whole."
        ]
        assert f"Third of the {fault} kind." not in voice.asked
        await write(visitor, "And all is well again.")
        turns = await until_told(visitor, "And all is well again.")
        assert turns[-1] == ("And all is well again.", False)
        assert [text for text, _ in turns].count(APOLOGY) <= 1
        assert not any(fault in text for text, _ in turns)


@pytest.mark.parametrize("form", ["narrow", "wave"])
async def test_sound_of_another_rate_is_played_as_what_it_is(connection_registry, form):
    url, _ = await asyncio.to_thread(connection_registry.start_session)
    async with Visitor(url) as visitor:
        await greeted(visitor)
        before = len(visitor.pcm)
        text = f"This is a {form} answer that goes on for long enough to be measured."
        await write(visitor, text)
        await until_told(visitor, text)
        sound = np.concatenate(visitor.pcm[before:])
        assert pitch_hz([sound]) == pytest.approx(TONE_HZ, abs=5)
        # A header that is taken for sound is a click before it, of samples that are no tone.
        loud = np.flatnonzero(np.abs(sound) > 500)
        assert np.abs(np.diff(sound[loud[0] : loud[0] + 200].astype(int))).max() < 2000
        assert len(loud) / 24_000 == pytest.approx(len(text) * 0.03, rel=0.15)


async def test_one_endless_word_is_kept_as_far_as_it_was_heard(connection_registry, voice):
    url, _ = await asyncio.to_thread(connection_registry.start_session)
    async with Visitor(url) as visitor:
        await greeted(visitor)
        asked_before = len(voice.asked)
        await write(visitor, "babble")
        await visitor.until(lambda: len(completed(visitor)) >= 2)
        await asked(visitor, "character.interrupt", {})
        turns = await until_told(visitor, "aaa")
        assert max(len(text) for text in voice.asked[asked_before:]) <= 400
        assert len(turns[0][0]) < 2000
        assert turns[0][1], "it was cut off"
        assert turns[0][0].replace(" ", "") == "".join(completed(visitor)[1:]).replace(" ", "")


async def test_a_second_voice_says_what_the_first_one_could_not(own_server, voice):
    server = await asyncio.to_thread(own_server, **environment(voice), TTS_FALLBACK="scripted")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await greeted(visitor)
        await write(visitor, "This one breaks at once.")
        assert await until_told(visitor, "at once") == [("This one breaks at once.", False)]
        assert [text for text in completed(visitor) if "breaks" in text] == ["This one breaks at once."]
        assert not visitor.server_messages("trouble")
