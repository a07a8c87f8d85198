"""A change that a running session of the vendor's cannot take up: a new one goes on, and knows the past."""

from typing import Any

import pytest

from sessions_app.database import in_database
from sessions_app.manager import SessionManager
from tests.characters.factory import make_character
from tests.visitors import rtvi_message
from tests.voicebot.connection.test_rebuild import connected, publish
from tests.voicebot.pipeline.speech_to_speech.talking import eventually
from tests.voicebot.realtime_server import realtime_server
from voicebot.runtime import Runtime


@pytest.mark.django_db(transaction=True)
async def test_another_voice_is_published_into_a_live_conversation(tmp_path, settings):
    runtime = Runtime(tmp_path / "spool")
    async with realtime_server() as vendor:
        settings.OPENAI_REALTIME = {**settings.OPENAI_REALTIME, "base_url": vendor.url}
        await in_database(make_character, speech_to_speech_provider="openai_realtime", voice="marin")
        session = await SessionManager().create(character="marlow", visitor="anon:me")
        socket = await connected(runtime, session)

        async def send(kind: str, data: Any) -> None:
            await socket.send_input({"type": "websocket.receive", "bytes": rtvi_message(kind, data)})

        await send("client-ready", {"version": "2.2.0", "about": {"library": "tests"}})
        await eventually(lambda: vendor.sessions and vendor.session.of("response.create"))
        assert vendor.session.config["voice"] == "marin"
        await send("send-text", {"content": "Hello."})
        await eventually(lambda: vendor.session.said[-1:] == [("assistant", vendor.reply)])
        await in_database(publish, voice="cedar", description="A captain who lost his ship.")
        await eventually(lambda: vendor.session.config.get("voice") == "cedar")
        await eventually(lambda: ("user", "Hello.") in vendor.session.said)
        assert len(vendor.sessions) == 2
        assert "lost his ship" in vendor.session.config["instructions"]
        assert ("assistant", vendor.reply) in vendor.session.said
        assert vendor.errors == []
        await eventually(lambda: vendor.sessions[0].socket.closed)
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(20)
    runtime.spool.close()
