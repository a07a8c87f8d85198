"""Gemini Live's sessions end soon, break, and cancel calls: the conversation goes on in another one."""

import pytest

from tests.patience import PATIENCE_SECS
from tests.visitors import question
from tests.voicebot.gemini.server import gemini_server
from tests.voicebot.gemini.talking import talking, vendor_at
from tests.voicebot.pipeline.speech_to_speech.talking import eventually
from tests.voicebot.pipeline.speech_to_speech.test_sessions import Clock
from tests.voicebot.tools.acting import said_at_last
from voicebot.pipeline.replies.fallback_reply import APOLOGY
from voicebot.providers.speech_to_speech.gemini import messages
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Setup

pytestmark = pytest.mark.django_db(transaction=True)
DICE = {
    "type": "function",
    "name": "dice",
    "description": "",
    "parameters": {"type": "object", "properties": {}},
}


@pytest.mark.parametrize("why", ["goAway", "time", "tokens"])
async def test_a_session_is_handed_over_in_a_pause_before_it_ends(why):
    clock = Clock()
    async with gemini_server() as server:
        vendor = vendor_at(server, most_tokens=20 if why == "tokens" else 12_000)
        async with talking(server, vendor=vendor, clock=clock) as one:
            await one.type("Hello.")
            await said_at_last(one, "wide today.")
            if why == "goAway":
                await server.session.go_away()
            elif why == "time":
                clock.now = 550.0  # of the ten minutes that a connection has
            await eventually(lambda: len(server.sessions) == 2 and server.sessions[0].socket.closed)
            assert server.session.said[-2:] == [("user", "Hello."), ("model", server.reply)]
            server.answers, server.hears = [("say", "As before.")], ["Go on."]
            await one.say(question(), silence_secs=1.5)
            await said_at_last(one, "As before.")
            assert await one.pipeline.settle(PATIENCE_SECS)
            assert [turn.text for turn in await one.turns()][-2:] == ["Go on.", "As before."]
            assert not one.server_messages("trouble")
            assert server.errors == []


async def test_a_connection_that_ends_unasked_ends_no_conversation():
    async with gemini_server() as server, talking(server) as one:
        await one.type("Hello.")
        await said_at_last(one, "wide today.")
        await server.session.expire()
        server.answers = [("drop", None), ("say", "Still here.")]
        await one.type("Still there?")
        await said_at_last(one, "Still here.")
        assert [words for role, words in server.session.said if role == "user"] == ["Hello.", "Still there?"]
        assert not one.server_messages("trouble")


async def test_a_vendor_who_is_away_is_apologised_for_in_the_house_s_voice():
    async with gemini_server() as server, talking(server) as one:
        server.answers, server.refuses = [("drop", None)], 9
        await one.type("Are you there?")
        await one.until(lambda: one.server_messages("trouble"))
        await said_at_last(one, "ask me again.")
        assert one.server_messages("trouble") == [{"type": "trouble", "text": APOLOGY, "spoken": True}]
        server.refuses = 0
        await one.type("And now?")
        await said_at_last(one, "wide today.")
        assert ("model", APOLOGY) in server.session.said, "the next session knows what the house said"


async def test_a_refused_reply_is_asked_for_again_and_then_apologised_for():
    async with gemini_server() as server, talking(server) as one:
        server.answers = [("refuse", "PROHIBITED_INPUT_CONTENT"), ("say", "Now I can.")]
        await one.type("Are you there?")
        await said_at_last(one, "Now I can.")
        assert not one.server_messages("trouble")


async def test_a_call_that_the_vendor_cancels_gets_its_result_in_words():
    async with gemini_server() as server:
        talk = Talk(vendor_at(server))
        server.answers = [("call", [("dice", {})]), ("say", "Never mind."), ("say", "So: six.")]
        asked = [{"role": "user", "content": "Roll the dice."}]
        reply = await talk.answer(Setup("", [DICE]), asked)
        await reply.ended()
        (call,) = reply.calls
        await server.session.interrupt()
        await eventually(lambda: not talk._line.session._calls)
        function = {"name": "dice", "arguments": "{}"}
        later = [
            {"role": "assistant", "tool_calls": [{"id": call.call_id, "function": function}]},
            {"role": "tool", "tool_call_id": call.call_id, "content": '{"rolled": [6]}'},
        ]
        after = await talk.answer(Setup("", [DICE]), [*asked, *later])
        await after.ended()
        assert server.session.results == {}, "nobody waits for it"
        assert ("user", '[A function returned {"rolled": [6]}]') in server.session.said
        assert after.transcript.strip() == "Never mind."
        assert server.errors == []
        await talk.close()


async def test_a_visitor_who_speaks_while_a_call_is_open_is_answered_in_another_session():
    async with gemini_server() as server:
        talk = Talk(vendor_at(server))
        server.answers = [("call", [("dice", {})]), ("say", "As you wish.")]
        await (await talk.answer(Setup("", [DICE]), [{"role": "user", "content": "Roll."}])).ended()
        await talk.hear(b"\1\0" * 16_000)
        heard = await (await talk.commit())
        talk.heard(heard.text)
        history = [{"role": "user", "content": "Roll."}, {"role": "user", "content": heard.text}]
        await talk.interrupted()
        try:
            reply = await talk.answer(Setup("", [DICE]), history)
        except Exception:  # as the mind does: once more
            reply = await talk.answer(Setup("", [DICE]), history)
        await reply.ended()
        assert reply.transcript.strip() == "As you wish."
        assert server.session.said[:2] == [("user", "Roll."), ("user", "hello there")]
        assert server.errors == []
        await talk.close()


async def test_what_a_reply_used_is_told_with_its_sound_apart():
    async with gemini_server() as server:
        talk, used = Talk(vendor_at(server)), []
        talk.on_usage = used.append
        await (await talk.answer(Setup("Be brief."), [{"role": "user", "content": "Hi."}])).ended()
        await eventually(lambda: used)
        (usage,) = used
        assert (usage.prompt_tokens, usage.completion_tokens) == (server.session.usage[0], 50)
        assert usage.output_audio_tokens == 40
        assert talk._line.tokens == usage.prompt_tokens
        await talk.close()


def test_thoughts_are_output_and_results_of_tools_are_input():
    usage = messages.usage_of(
        {
            "promptTokenCount": 100,
            "toolUsePromptTokenCount": 7,
            "responseTokenCount": 30,
            "thoughtsTokenCount": 5,
            "cachedContentTokenCount": 60,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 80}],
        }
    )
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (107, 35, 142)
    assert (usage.reasoning_tokens, usage.cache_read_input_tokens, usage.input_audio_tokens) == (5, 60, 80)
