"""A real server, a WAV or a browser for a microphone, and a vendor of speech to speech behind it."""

import asyncio

from tests.browser.stage import on_stage, talkative
from tests.visitors import Visitor, rtvi_message, speech
from tests.voicebot.connection.test_resume import back_in, remembered
from tests.voicebot.pipeline.speech_to_speech.talking import eventually
from tests.voicebot.realtime_server import realtime_server

A_CAPTAIN = """
from characters.models import Character
from characters.versions import publishing
about = {"slug": "quint", "name": "Quint", "greeting": "Welcome aboard.", "description": "A captain."}
publishing.publish(Character.objects.create(**about, speech_to_speech_provider="openai_realtime"))
"""


async def captain_of(own_server, vendor):
    server = await asyncio.to_thread(own_server, OPENAI_REALTIME_BASE_URL=vendor.url, LOG_LEVEL="DEBUG")
    await asyncio.to_thread(server.command, "shell", "-c", A_CAPTAIN)
    return server


async def test_a_wav_is_answered_and_the_conversation_is_come_back_to(own_server):
    async with realtime_server() as vendor:
        vendor.hears = ["Hello there.", "Can you tell me a story about a dragon?"]
        server = await captain_of(own_server, vendor)
        url, answer = await asyncio.to_thread(server.start_session, "quint")
        async with Visitor(url) as visitor:
            session = (await visitor.get_ready())["id"]
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
            await visitor.speak(speech(), silence_secs=2.0)
            await visitor.until(lambda: visitor.server_messages("latency"))
            print("latency", visitor.server_messages("latency")[-1])
            turns = await remembered(visitor, 3)
            while turns[-1]["text"] != vendor.reply:  # a pause may have made two turns of what was said
                turns = await remembered(visitor, len(turns) + 1)
        assert [turn["role"] for turn in turns][:2] == ["assistant", "user"]
        assert "dragon" in " ".join(turn["text"] for turn in turns if turn["role"] == "user")
        assert vendor.reply in [turn["text"] for turn in turns]
        assert vendor.errors == []
        metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
        assert 'provider="openai_realtime"' in metrics

        async with Visitor(await back_in(server, session, answer)) as visitor:
            assert (await visitor.get_ready())["resumed"] is True
            await visitor.socket.send(rtvi_message("send-text", {"content": "And the dragon?"}))
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
            told = [event["item"] for event in vendor.session.of("conversation.item.create")]
            words = [item["content"][0]["text"] for item in told if item["type"] == "message"]
            assert turns[1]["text"] in words, "the past is told as text"
            assert "And the dragon?" in words
        assert vendor.errors == []
    for said in ("dragon", "wide today", "Welcome aboard"):
        assert said not in server.words(), "nothing that was said is in a log"


async def test_a_browser_talks_with_it(own_server, browser_with_microphone, tmp_path):
    async with realtime_server() as vendor:
        vendor.hears = ["Can you tell me a story?"] * 20
        server = await captain_of(own_server, vendor)
        async with browser_with_microphone(talkative(tmp_path / "question.wav")) as page:
            await on_stage(page, server, "quint")
            await page.get_by_text(vendor.reply).first.wait_for()
            await eventually(lambda: len(vendor.heard_ms) >= 1)
            assert page.complaints == []
