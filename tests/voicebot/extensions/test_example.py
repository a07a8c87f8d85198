"""The example app in a server of its own: EXTRA_APPS names it, and all that it registers works."""

import asyncio
import json

import pytest

from tests.visitors import Visitor, rtvi_message

pytestmark = pytest.mark.asyncio


async def asked(visitor: Visitor, kind: str) -> dict:
    await visitor.socket.send(rtvi_message("client-message", {"t": kind}))
    await visitor.until(lambda: visitor.of("server-response"), 15)
    return visitor.of("server-response")[-1]["data"]["d"]


async def test_the_parrot_answers_and_laughs_are_counted(own_server):
    server = await asyncio.to_thread(own_server, EXTRA_APPS="examples.extras", LLM_PROVIDER="parrot")
    url, _ = await asyncio.to_thread(server.start_session, metadata={"laughs": 2})
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(rtvi_message("send-text", {"content": "Hello in there"}))
        await visitor.until(lambda: "You said Hello in there" in json.dumps(visitor.of("bot-output")), 30)
        assert await asked(visitor, "laughs.count") == {"laughs": 2}


A_WEATHERMAN = """
from characters.models import Character
from characters.versions import publishing
tool = {"name": "weather", "kind": "weather", "keys": ["how is the weather"]}
about = {"slug": "weatherman", "name": "Finn", "greeting": "Hello.", "description": "A sailor."}
made = Character.objects.create(**about, tools=[tool])
publishing.publish(made)
"""


async def test_a_character_tells_the_weather_by_the_apps_tool(own_server):
    server = await asyncio.to_thread(own_server, EXTRA_APPS="examples.extras", LLM_PROVIDER="parrot")
    await asyncio.to_thread(server.command, "shell", "-c", A_WEATHERMAN)
    url, _ = await asyncio.to_thread(server.start_session, "weatherman", metadata={"place": "Oslo"})
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.socket.send(rtvi_message("send-text", {"content": "How is the weather there?"}))
        await visitor.until(lambda: " in Oslo." in json.dumps(visitor.of("bot-output")))
        assert "You said" not in json.dumps(visitor.of("bot-output"))
