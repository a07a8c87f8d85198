"""An hour with a vendor costs like an hour: the past is told anew as text before it grows dear."""

import asyncio

from tests.voicebot.pipeline.speech_to_speech.talking import vendor_at
from tests.voicebot.realtime_server import Realtime, realtime_server
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Setup

TURNS, EVERY_SECS = 240, 15.0  # an hour
KEPT = 20  # messages, as the summary keeps them
SPOKEN = b"\1\0" * 16_000 * 3  # three seconds of a visitor
SETUP = Setup("You are Captain Marlow, and talk of the sea. " * 10)
SUMMARY = "They met in Bristol and talked of maps. " * 8


async def an_hour(server: Realtime, most_tokens: int) -> list[int]:
    """The tokens that each turn's reply has read."""
    now, read = 0.0, []
    talk = Talk(vendor_at(server, most_tokens=most_tokens), lambda: now)
    messages: list = []
    for number in range(TURNS):
        server.hears = [f"What of number {number}?"]
        await talk.hear(SPOKEN)
        piece = await talk.commit() or await talk.hear_again(SPOKEN)
        heard = await piece
        talk.heard(heard.text or "")
        messages.append({"role": "user", "content": heard.text})
        setup = SETUP if len(messages) <= KEPT else Setup(SETUP.instructions + SUMMARY)
        reply = await talk.answer(setup, messages[-KEPT:])
        await reply.ended()
        await talk.tidy(reply)
        read.append(server.session.usage[-1])
        messages.append({"role": "assistant", "content": reply.transcript.strip()})
        now += EVERY_SECS
        if talk.due:
            assert await talk.hand_over(Setup(SETUP.instructions + SUMMARY), messages[-KEPT:])
    await talk.close()
    return read


async def test_an_hour_costs_like_an_hour():
    async with realtime_server() as server, realtime_server() as endless:
        for one in (server, endless):
            one.speed, one.transcribing_secs = 10_000.0, 0.0
            one.reply = "The sea is wide today, and the wind is fair."
        read, without = await asyncio.gather(an_hour(server, 3_000), an_hour(endless, 100_000))
        sessions, errors = len(server.sessions), server.errors + endless.errors
    half = TURNS // 2
    first, second = sum(read[:half]), sum(read[half:])
    print(f"{sum(read)} tokens in {sessions} sessions; {sum(without)} in {len(endless.sessions)}")
    assert errors == []
    assert max(read) < 3_300, "no reply reads much more than is allowed"
    assert second < 1.15 * first, "the second half hour costs what the first does"
    assert sum(read) < sum(without) / 3
    assert len(endless.sessions) == 2, "the vendor's own limit of an hour is met by one hand-over"
    assert sum(len(session.of("conversation.item.create")) for session in server.sessions) <= sessions * KEPT
