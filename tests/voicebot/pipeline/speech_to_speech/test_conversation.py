"""A vendor that hears, thinks and speaks by itself, in a whole pipeline."""

import pytest

from tests.visitors import question
from tests.voicebot.pipeline.speech_to_speech.talking import talking
from tests.voicebot.realtime_server import realtime_server
from tests.voicebot.tools.acting import said_at_last

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_both_sides_say_is_heard_and_remembered():
    async with realtime_server() as server, talking(server) as one:
        server.hears = ["Good morning, captain."]
        await one.say(question(), silence_secs=1.5)
        await said_at_last(one, "wide today.")
        turns = await one.turns()
    assert [(turn.role, turn.interrupted) for turn in turns] == [
        ("assistant", False),
        ("user", False),
        ("assistant", False),
    ]
    assert turns[1].text == "Good morning, captain."
    assert turns[2].text == server.reply
    assert server.errors == []
    assert server.keys == ["Bearer key"]
