"""Gemini Live in a whole pipeline: turns, tools, lore, the past, and what was not heard."""

import asyncio
from datetime import UTC, datetime

import pytest

from sessions_app.costs import Meter
from sessions_app.session import Past, Turn
from sessions_app.session.coverage import Coverage
from tests.patience import PATIENCE_SECS
from tests.visitors import question, speech
from tests.voicebot.gemini.server import gemini_server
from tests.voicebot.gemini.talking import talking
from tests.voicebot.pipeline.speech_to_speech.talking import eventually
from tests.voicebot.tools.acting import calls_in, said_at_last, tool
from voicebot.pipeline.activity import State
from voicebot.providers import JSONAnswers
from voicebot.usage import counting

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "One two three four five six seven eight nine ten. " * 6


async def test_what_both_sides_say_is_heard_and_remembered():
    async with gemini_server() as server, talking(server) as one:
        server.hears = ["Good morning, captain."]
        await one.say(question(), silence_secs=1.5)
        await said_at_last(one, "wide today.")
        turns = await one.turns()
        said = server.session.said
    assert [(turn.role, turn.interrupted) for turn in turns] == [
        ("assistant", False),
        ("user", False),
        ("assistant", False),
    ]
    assert (turns[1].text, turns[2].text) == ("Good morning, captain.", server.reply)
    assert said[-2][0] == "user"
    assert float(said[-2][1].strip("<> s")) > 1.5, "the model has the sound itself, from its beginning on"
    assert said[-1] == ("model", server.reply)
    assert server.errors == []
    assert server.keys == {"key"}


async def test_the_greeting_is_said_by_a_model_that_reads_and_is_known_afterwards():
    async with gemini_server() as server, talking(server, greeting="Welcome aboard, stranger.") as one:
        model, asked = server.requests[0]
        assert model == "gemini-3.8-flash-tts"
        assert asked["contents"][0]["parts"] == [{"text": "Welcome aboard, stranger."}], "word for word"
        assert len(one.audible_at) > 0
        await one.type("Thank you.")
        await said_at_last(one, "wide today.")
        assert server.session.said[:2] == [("model", "Welcome aboard, stranger."), ("user", "Thank you.")]
        assert server.errors == []


@pytest.mark.parametrize("speed", [1.2, 30.0], ids=["while it is made", "when all of it has come"])
async def test_a_visitor_who_speaks_leaves_no_word_that_nobody_heard(speed):
    async with gemini_server() as server, talking(server, reply_sentences=9) as one:
        server.speed, server.answers = speed, [("say", LONG.strip())]
        await one.type("Count for me.")
        await one.until(lambda: one.pipeline.activity.state is State.SPEAKING)
        before = len(one.of("bot-tts-text"))
        await one.until(lambda: len(one.of("bot-tts-text")) >= before + 4)
        server.hears = ["stop it now please"] * 5
        await one.say(speech(), silence_secs=1.0)
        await one.until(lambda: one.interruptions)
        await said_at_last(one, "wide today.")
        turns = await one.turns()
        known = " ".join(words for role, words in server.session.said if role == "model")
    heard = next(turn for turn in turns if turn.interrupted)
    assert 3 <= len(heard.text.split()) < len(LONG.split()) - 5
    assert len(server.sessions) >= 2, "the vendor takes nothing back: another session goes on"
    assert heard.text.removesuffix("…").strip() in known
    assert LONG.strip() not in known
    assert known.count("ten.") <= heard.text.count("ten.")
    assert any("stop it now" in words for _role, words in server.session.said)
    assert server.errors == []


async def test_a_listener_who_hums_stops_nothing_and_is_no_part_of_the_conversation():
    async with gemini_server() as server, talking(server, reply_sentences=9) as one:
        server.answers = [("say", LONG.strip())]
        await one.type("Count for me.")
        await one.until(lambda: one.pipeline.activity.state is State.SPEAKING)
        server.hears = ["mhm"]
        await one.say(speech()[: 16_000 // 3], silence_secs=1.0)
        held = lambda: one.server_messages("voice-held")[-1:]  # noqa: E731
        await one.until(lambda: held() and not held()[0]["held"])
        assert await one.pipeline.settle(PATIENCE_SECS)
        turns = await one.turns()
        assert len(server.sessions) == 1
        assert not [role for role, words in server.session.said if words.startswith("<")]
    assert turns[-1].text == LONG.strip()
    assert server.errors == []


async def test_a_tool_is_called_with_the_same_hands_and_its_answer_is_spoken():
    async with gemini_server() as server, talking(server, tools=[tool("dice")]) as one:
        server.answers = [("call", [("dice", {"count": 2})]), ("say", "A fine roll.")]
        await one.type("Roll two dice, please.")
        await said_at_last(one, "A fine roll.")
        turns = await one.turns()
        (result,) = server.session.results.values()
    assert "rolled" in result["data"]
    assert [turn.role for turn in turns] == ["assistant", "user", "tool", "assistant"]
    assert len(calls_in(turns)) == 1
    assert server.errors == []


async def test_the_past_comes_back_as_text_with_its_calls_in_words():
    now = datetime.now(UTC)
    turns = [Turn(1, "assistant", "Ahoy.", False, now), Turn(2, "user", "Where is the map?", False, now)]
    past = Past("They met in Bristol.", Coverage(), turns)
    async with gemini_server() as server, talking(server, past=past) as one:
        await said_at_last(one, "wide today.")
        assert "They met in Bristol." in server.session.instructions
        assert server.session.said[:2] == [("model", "Ahoy."), ("user", "Where is the map?")]
        assert server.errors == []


async def test_lore_of_a_turn_is_among_the_instructions_for_it_and_not_afterwards():
    lore = [{"keys": ["kraken"], "content": "The kraken sleeps off Skye.", "name": "Kraken"}]
    async with gemini_server() as server, talking(server, lore=lore) as one:
        server.hears = ["Where is the kraken?"]
        await one.say(question(), silence_secs=1.5)
        await said_at_last(one, "wide today.")
        assert any("The kraken sleeps off Skye." in told for told in server.session.told)
        assert "kraken sleeps" not in str(server.session.said), "notes are no part of the conversation"
        assert server.errors == []


async def test_a_written_answer_has_no_sound():
    async with gemini_server() as server, talking(server) as one:
        before = len(one.audible_at)
        await one.type("Write it down.", audio_response=False)
        await said_at_last(one, "wide today.")
        assert len(one.audible_at) == before


async def test_memories_are_asked_for_beside_the_conversation_and_counted_as_such():
    meter, schema = Meter(), {"type": "object", "properties": {"facts": {"type": "array"}}}
    async with gemini_server() as server, talking(server) as one:
        server.on_write = lambda _asked: '{"facts": []}'
        before = list(server.session.said)
        with counting(meter, "memory"):
            assert await JSONAnswers(one.pipeline._llm)("What is known?", "I am Robin.", schema)
        model, asked = server.requests[-1]
        assert model == "gemini-3.8-flash"
        assert "facts" in asked["systemInstruction"]["parts"][0]["text"]
        assert server.session.said == before
    (row,) = meter.rows()
    assert (row["source"], row["stage"], row["calls"]) == ("memory", "llm", 1)
    assert server.errors == []


async def test_a_cough_has_no_words_and_is_nobody_s_turn(monkeypatch):
    from voicebot.providers.speech_to_speech.gemini import session

    monkeypatch.setattr(session, "WORDS_SECS", 0.2)
    async with gemini_server() as server, talking(server) as one:
        server.deaf = True
        await one.say(question(), silence_secs=1.0)
        await eventually(lambda: server.heard_secs)
        await asyncio.sleep(0.5)
        assert not one.server_messages("trouble")
        server.deaf = False
        await one.type("Hello.")
        await said_at_last(one, "wide today.")
        assert not [words for _role, words in server.session.said if words.startswith("<")]
