"""What nobody heard of a vendor's reply is in no history: neither here nor there."""

import asyncio

import pytest

from tests.patience import PATIENCE_SECS
from tests.visitors import speech
from tests.voicebot.pipeline.speech_to_speech.talking import eventually, talking
from tests.voicebot.realtime_server import realtime_server
from voicebot.pipeline.activity import State

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "One two three four five six seven eight nine ten. " * 8


async def _speaks(one, words: int = 4) -> None:
    """Waits until so many words of a reply have been told as heard."""
    before = len(one.of("bot-tts-text"))
    await one.until(lambda: len(one.of("bot-tts-text")) >= before + words)


@pytest.mark.parametrize("speed", [1.05, 30.0], ids=["while it is made", "when all of it has come"])
async def test_a_visitor_who_speaks_truncates_the_reply_to_what_was_heard(speed):
    async with realtime_server() as server, talking(server, reply_sentences=9) as one:
        server.speed, server.answers = speed, [("say", LONG.strip())]
        await one.type("Count for me.")
        await one.until(lambda: one.pipeline.activity.state is State.SPEAKING)
        began = asyncio.get_running_loop().time()
        await _speaks(one)
        server.hears = ["stop it now please"] * 5
        await one.say(speech(), silence_secs=1.0)
        await one.until(lambda: one.interruptions)
        lasted = asyncio.get_running_loop().time() - began
        await eventually(lambda: len([m for m in server.session.of("response.create")]) >= 3)
        assert await one.pipeline.settle(PATIENCE_SECS)
        session = server.session
        # The first one: on a busy machine the end of the visitor's words cuts the reply to them, too.
        spoken = next(item for item in session.items.values() if item.truncated_ms is not None)
        turns = await one.turns()
    secs = spoken.truncated_ms / 1000
    assert 0.5 < secs < lasted + 0.2
    heard = next(turn for turn in turns if turn.interrupted)
    assert 3 <= len(heard.text.split()) <= secs * 15 / 4.2 + 1, (
        "a word is told when it was heard, never before"
    )
    assert LONG.startswith(heard.text)
    assert ("response.cancel" in {e["type"] for e in session.received}) == (speed < 2)
    late = "response_cancel_not_active"  # the reply to the interruption may be whole before it is cut
    assert set(server.errors) <= {late}, "no truncation beyond what was sent"


@pytest.mark.parametrize(
    "answer", [("hang", None), ("mute", "I was about to say something.")], ids=["", "words"]
)
async def test_a_reply_of_which_nothing_was_heard_leaves_the_conversation(answer):
    async with realtime_server() as server, talking(server) as one:
        server.answers = [answer]
        await one.type("Are you there?")
        await eventually(lambda: len(server.session.of("response.create")) == 2)
        await one.tell("client-message", {"t": "character.interrupt", "d": {}})
        await eventually(lambda: server.session.of("response.cancel"))
        await one.type("Hello?")
        await one.until(
            lambda: any(server.reply.startswith(m["data"]["text"]) for m in one.of("bot-tts-text"))
        )
        assert await one.pipeline.settle(PATIENCE_SECS)
        said = [words for role, words in server.session.said if role == "assistant"]
    assert said[-1] == server.reply
    assert "I was about to say something." not in said
    assert server.errors == []


async def test_a_listener_who_hums_stops_nothing_and_is_no_part_of_the_conversation():
    async with realtime_server() as server, talking(server, reply_sentences=9) as one:
        server.speed, server.answers = 8.0, [("say", LONG.strip())]
        await one.type("Count for me.")
        await one.until(lambda: one.pipeline.activity.state is State.SPEAKING)
        await _speaks(one, 2)
        server.hears = ["mhm"]
        await one.say(speech()[: 16_000 // 3], silence_secs=1.0)
        await one.until(
            lambda: (
                one.server_messages("voice-held")[-1:] and not one.server_messages("voice-held")[-1]["held"]
            )
        )
        assert await one.pipeline.settle(PATIENCE_SECS)
        turns = await one.turns()
    assert "mhm" not in [words for _role, words in server.session.said]
    assert not [turn for turn in turns if turn.interrupted]
    assert turns[-1].text == LONG.strip()
    assert not server.session.of("response.cancel")


async def test_no_more_sentences_are_spoken_than_a_character_may_say():
    async with realtime_server() as server, talking(server, reply_sentences=2) as one:
        server.answers = [("say", "The sea is wide. The sky is high. The night is long and cold. We sail.")]
        await one.type("Tell me of the sea.")
        await one.until(lambda: len(one.of("bot-stopped-speaking")) >= 2)
        assert await one.pipeline.settle(PATIENCE_SECS)
        turns = await one.turns()
        truncated = [item.truncated_ms for item in server.session.items.values() if item.truncated_ms]
    assert turns[-1].text == "The sea is wide. The sky is high."
    assert truncated
    assert 1.5 < truncated[0] / 1000 < 4.0, "two of four sentences"
    assert server.errors == []
