"""A vendor's session ends after a while, or breaks: the conversation goes on in another one."""

import asyncio

import pytest

from tests.patience import PATIENCE_SECS
from tests.visitors import question
from tests.voicebot.pipeline.speech_to_speech.talking import eventually, talking, vendor_at
from tests.voicebot.pipeline.speech_to_speech.test_turns import told
from tests.voicebot.realtime_server import realtime_server
from tests.voicebot.tools.acting import said_at_last
from voicebot.pipeline.replies.fallback_reply import APOLOGY
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Setup

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_line_that_breaks_before_the_answer_is_made_again_once():
    async with realtime_server() as server, talking(server) as one:
        server.answers = [("drop", None), ("say", "Here I am again.")]
        await one.type("Are you there?")
        await said_at_last(one, "again.")
        assert len(server.sessions) == 2
        assert told(server.session, "user") == ["Are you there?"], "the new session knows what was asked"
        assert not one.server_messages("trouble")
        assert server.errors == []


async def test_a_vendor_who_is_away_is_apologised_for_in_the_house_s_voice():
    async with realtime_server() as server, talking(server) as one:
        server.answers, server.refuses = [("drop", None)], 9
        heard = len(one.audible_at)
        await one.type("Are you there?")
        await one.until(lambda: one.server_messages("trouble"))
        await one.until(lambda: len(one.audible_at) > heard)
        await said_at_last(one, "ask me again.")
        assert one.server_messages("trouble") == [{"type": "trouble", "text": APOLOGY, "spoken": True}]
        server.refuses = 0
        await one.type("And now?")
        await said_at_last(one, "wide today.")
        assert told(server.session, "assistant")[-1] == APOLOGY, "the next session knows what the house said"


async def test_of_a_reply_that_breaks_off_what_was_heard_stays():
    async with realtime_server() as server, talking(server, reply_sentences=9) as one:
        server.breaks_after = "four five"
        server.answers = [("say", "One two. Three four five. Six seven eight. Nine ten.")]
        await one.type("Count.")
        await said_at_last(one, "One two.")
        turns = await one.turns()
    assert turns[-1].interrupted
    assert turns[-1].text.startswith("One two.")
    assert "Six" not in turns[-1].text


async def test_what_is_said_while_the_line_breaks_is_heard_in_the_next_session():
    async with realtime_server() as server, talking(server) as one:
        speaking = asyncio.create_task(one.say(question(), silence_secs=1.5))
        await eventually(lambda: server.session.of("input_audio_buffer.append"))
        await asyncio.sleep(0.3)
        server.hears = ["Tell me a story."]
        await server.session.socket.close(code=1011)
        await speaking
        await said_at_last(one, "wide today.")
        turns = await one.turns()
        assert [turn.text for turn in turns][1:] == ["Tell me a story.", server.reply]
        assert len(server.sessions) == 2
        assert server.heard_ms[-1] > 1500, "all of it, also what the first session had heard"


async def test_the_vendor_s_sixty_minutes_end_no_conversation():
    async with realtime_server() as server, talking(server) as one:
        await one.type("Hello.")
        await said_at_last(one, "wide today.")
        await server.session.expire()
        server.answers = [("say", "Still here.")]
        await one.type("Still there?")
        await said_at_last(one, "Still here.")
        assert len(server.sessions) == 2
        assert [words for role, words in server.session.said if role == "user"] == ["Hello.", "Still there?"]
        assert not one.server_messages("trouble")


@pytest.mark.parametrize("why", ["time", "tokens"])
async def test_a_session_is_handed_over_in_a_pause_before_it_ends(why):
    clock = Clock()
    async with realtime_server() as server:
        vendor = vendor_at(server, most_tokens=40 if why == "tokens" else 12_000)
        async with talking(server, vendor=vendor, clock=clock) as one:
            await one.type("Hello.")
            await said_at_last(one, "wide today.")
            if why == "time":
                clock.now = 3300.0
            await eventually(lambda: len(server.sessions) == 2 and server.sessions[0].socket.closed)
            assert [role for role, _words in server.session.said][-3:] == ["assistant", "user", "assistant"]
            assert server.session.said[-1] == ("assistant", server.reply)
            server.answers = [("say", "As before.")]
            server.hears = ["Go on."]
            await one.say(question(), silence_secs=1.5)
            await said_at_last(one, "As before.")
            assert server.session.of("input_audio_buffer.commit"), "the next session hears"
            assert server.errors == []
            assert await one.pipeline.settle(PATIENCE_SECS)


async def test_a_visitor_who_speaks_meanwhile_is_not_handed_over():
    async with realtime_server() as server, talking(server) as one:
        talk = one.pipeline._llm.talk
        opening = asyncio.Event()
        connect = talk.vendor.connect

        async def slowly():
            session = await connect()
            opening.set()
            await talk.hear(b"\0" * 3200)
            return session

        object.__setattr__(talk.vendor, "connect", slowly)
        assert not await talk.hand_over(*talk._past)
        assert opening.is_set()
        assert server.sessions[0].socket.closed is False
        await one.until(lambda: server.sessions[1].socket.closed)


async def test_a_vendor_who_fails_once_is_asked_again():
    async with realtime_server() as server, talking(server) as one:
        server.answers = [("fail", "server_error"), ("say", "Now I can.")]
        await one.type("Are you there?")
        await said_at_last(one, "Now I can.")
        assert len(server.sessions) == 1
        assert not one.server_messages("trouble")


async def test_a_vendor_who_does_not_even_end_a_reply_gets_no_more_of_the_conversation(settings):
    settings.PROVIDER_TIMEOUT_SECS = 1.0
    async with realtime_server() as server, talking(server) as one:
        server.answers, server.obeys = [("hang", None)], False
        await one.type("Are you there?")
        await eventually(lambda: server.session.usage)
        await one.type("Hello?")
        await said_at_last(one, "wide today.")
        assert len(server.sessions) == 2
        assert told(server.session, "user") == ["Are you there?", "Hello?"]


async def test_no_session_is_asked_for_the_words_of_half_a_sentence():
    async with realtime_server() as server:
        talk = Talk(vendor_at(server))
        await talk.connect()
        await talk.hear(b"\1\0" * 16_000)
        await server.session.socket.close(code=1011)
        await eventually(lambda: talk._line.lost)
        await talk.answer(Setup(), [{"role": "user", "content": "Typed."}])  # in a new session
        await talk.hear(b"\1\0" * 16_000)
        assert await talk.commit() is None, "the new session has heard the second half alone"
        heard = await (await talk.hear_again(b"\1\0" * 32_000))
        assert heard.text == "hello there"
        assert server.heard_ms == [2000]
        await talk.close()


async def test_half_a_sentence_of_a_vendor_that_fails_is_in_no_history():
    async with realtime_server() as server, talking(server) as one:
        server.answers = [("break", "The sea is wide. And then there was a")]
        await one.type("Tell me.")
        await said_at_last(one, "The sea is wide.")
        await one.type("Go on.")
        await said_at_last(one, "wide today.")
        known = [words for role, words in server.session.said if role == "assistant"]
        turns = await one.turns()
    assert not any("there was a" in words for words in known)
    assert any("The sea is wide." in words for words in known)
    assert turns[2].interrupted
    assert server.errors == []
