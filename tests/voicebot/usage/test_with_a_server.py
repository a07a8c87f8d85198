"""Usage and budgets over a real server: killed, come back to, stepped down, and politely ended."""

import asyncio
import signal
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import back_in, cookie_of
from tests.voicebot.model_server import model_server
from voicebot.usage.budget_watch import GOODBYES

SUMS = """SELECT stage, provider, sum(calls), sum(output_tokens), sum(characters), count(DISTINCT part)
    FROM sessions_app_usage WHERE session_id = %s GROUP BY stage, provider ORDER BY stage, provider"""
PRICE = """INSERT INTO sessions_app_price (stage, provider, model, unit, price, currency, valid_from)
    VALUES ('llm', 'scripted', '', 'output_tokens', 1000000, 'EUR', %s)"""  # a euro a token
BUDGET = """INSERT INTO sessions_app_budget (period, amount, currency, active, step_at, stt_provider,
    llm_provider, tts_provider, line) VALUES (%s, %s, 'EUR', true, %s, '', %s, '', %s)"""


def ask(server: Any, statement: str, *given: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(server.database, autocommit=True) as connection:
        cursor = connection.execute(statement, given)
        return cursor.fetchall() if cursor.description else []


def budget(
    server: Any, period: str, amount: int, *, step_at: int = 100, llm: str = "", line: str = ""
) -> None:
    ask(server, PRICE, date(2026, 1, 1))
    ask(server, BUDGET, period, amount, step_at, llm, line)


async def say(visitor: Visitor, text: str) -> None:
    spoken = len(visitor.of("bot-stopped-speaking"))
    await visitor.socket.send(rtvi_message("send-text", {"content": text}))
    await visitor.until(lambda: len(visitor.of("bot-stopped-speaking")) > spoken)


async def used(server: Any, session: str, calls: int) -> dict[str, tuple[Any, ...]]:
    """What is written of a session, once the model's requests are there."""
    async with asyncio.timeout(60):
        while True:
            found = {row[0]: row[1:] for row in await asyncio.to_thread(ask, server, SUMS, UUID(session))}
            if found.get("llm", ("", 0))[1] >= calls:
                return found
            await asyncio.sleep(0.1)


async def test_a_killed_process_loses_no_finished_turn_and_who_comes_back_counts_nothing_twice(own_server):
    server = await asyncio.to_thread(own_server)
    url, answer = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await say(visitor, "Tell me of the sea.")
        before = await used(server, session, 1)
        server.process.send_signal(signal.SIGKILL)
        await visitor.until_closed()
    assert before["llm"][0] == "scripted"
    assert before["tts"][3] > 40, "the greeting and the reply"
    await asyncio.to_thread(server.process.wait)
    server = await asyncio.to_thread(own_server)
    async with Visitor(await back_in(server, session, answer)) as visitor:
        await visitor.get_ready()
        await say(visitor, "And of ships?")
        after = await used(server, session, 2)
    assert (after["llm"][1], after["llm"][2]) == (2, 2 * before["llm"][2])
    assert after["llm"][4] == 2, "each connection counts for itself"


async def test_a_session_whose_budget_is_spent_ends_with_a_line_of_the_character(own_server):
    server = await asyncio.to_thread(own_server)
    await asyncio.to_thread(budget, server, "session", 3, line="My lamp burns low. Farewell.")
    url, answer = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await visitor.socket.send(rtvi_message("send-text", {"content": "Tell me of the sea."}))
        code, reason = await visitor.until_closed()
    assert code == 4429
    assert "Come back" in reason
    output = " ".join(str(message["data"].get("text", "")) for message in visitor.of("bot-output"))
    assert "My lamp burns low." in output
    state = "SELECT state, end_reason FROM sessions_app_voicesession WHERE id = %s"
    async with asyncio.timeout(20):
        while await asyncio.to_thread(ask, server, state, UUID(session)) != [("ended", "budget")]:
            await asyncio.sleep(0.1)
    again = await asyncio.to_thread(
        server.request, "/api/start", {"body": {"session": session}}, **cookie_of(answer)
    )
    assert (again.status, again.json["error"]["code"]) == (409, "session_ended")
    assert "has had all that one may have" in again.json["error"]["message"]


async def test_a_day_that_is_spent_lets_nobody_in_and_says_until_when(own_server):
    server = await asyncio.to_thread(own_server)
    await asyncio.to_thread(budget, server, "day", 3)
    url, answer = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await visitor.socket.send(rtvi_message("send-text", {"content": "Tell me of the sea."}))
        code, _reason = await visitor.until_closed()
    assert code == 4429
    output = " ".join(str(message["data"].get("text", "")) for message in visitor.of("bot-output"))
    assert GOODBYES["en"].split(".")[0] in output
    for body in ({"character": "captain-marlow"}, {"session": session}):
        refused = await asyncio.to_thread(server.request, "/api/start", {"body": body}, **cookie_of(answer))
        assert (refused.status, refused.json["error"]["code"]) == (429, "budget_spent")
        assert 0 < int(refused.headers["Retry-After"]) <= 86_400


async def test_a_budget_that_is_nearly_spent_lets_another_provider_think(own_server):
    async with model_server() as model:
        server = await asyncio.to_thread(own_server, OPENAI_LLM_BASE_URL=model.url)
        await asyncio.to_thread(budget, server, "session", 1000, step_at=1, llm="openai")
        url, _ = await asyncio.to_thread(server.start_session)
        async with Visitor(url) as visitor:
            session = (await visitor.get_ready())["id"]
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
            await say(visitor, "Tell me of the sea.")
            assert not model.asked
            await visitor.until(lambda: len(visitor.server_messages("session")) == 2)  # of another pipeline
            await say(visitor, "And of ships?")
            assert model.asked
            await visitor.until(lambda: "The sea is wide" in str(visitor.of("bot-output")))
            async with asyncio.timeout(60):
                while "openai" not in {
                    row[1] for row in await asyncio.to_thread(ask, server, SUMS, UUID(session))
                }:
                    await asyncio.sleep(0.1)


@pytest.mark.parametrize("period", ["day", "session"])
async def test_a_budget_that_is_far_from_spent_changes_nothing(own_server, period):
    server = await asyncio.to_thread(own_server)
    await asyncio.to_thread(budget, server, period, 100_000)
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        await say(visitor, "Tell me of the sea.")
        assert visitor.closed is None
