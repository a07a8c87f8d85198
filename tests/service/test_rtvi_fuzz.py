"""A live conversation takes any RTVI message that can be written, and goes on."""

import asyncio
import random

from tests.visitors import Visitor, rtvi_message

# All but disconnect-bot, after which there is no line to go on with.
TYPES = ["client-ready", "client-message", "send-text", "disconnect", "append-to-context", "x" * 300, ""]
DATA = [
    {},
    {"t": "session.metadata", "d": {"a": None}},
    {"t": "session.metadata", "d": []},
    {"t": "session.history", "d": {"after": -1}},
    {"t": "session.history", "d": {"after": "x", "limit": {}}},
    {"t": 7, "d": 7},
    {"t": "character.switch", "d": {"character": ["x"]}},
    {"t": "character.switch", "d": {"character": "\x00"}},
    {"content": None},
    {"content": "\ud800", "options": {"run_immediately": "perhaps"}},
    {"version": {"a": 1}, "about": []},
    {"t": "session.get", "d": {"deep": [[[[[[[[[[]]]]]]]]]]}},
]


async def test_any_message_is_answered_or_ignored_and_the_conversation_goes_on(server):
    dice = random.Random(5)
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        for _ in range(80):
            await visitor.socket.send(rtvi_message(dice.choice(TYPES), dice.choice(DATA)))
        await visitor.socket.send(rtvi_message("client-message", {"t": "session.get"}, "last"))
        await visitor.until(lambda: any(m["id"] == "last" for m in visitor.of("server-response")))
        known = {visitor.server_messages("session")[0]["id"]}
        (last,) = [m for m in visitor.of("server-response") if m["id"] == "last"]
        assert {last["data"]["d"]["id"]} == known, "still the same conversation"
        await visitor.ask()
        assert visitor.closed is None


async def test_a_client_that_says_goodbye_is_let_go_and_may_come_back(server):
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = await visitor.get_ready()
        await visitor.socket.send(rtvi_message("disconnect-bot"))
        await visitor.until_closed()
    async with Visitor(url) as visitor:
        assert (await visitor.get_ready())["id"] == session["id"]
