"""When a provider fails: another takes over, or the character says so in its own recorded words."""

import asyncio

import pytest

from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import asked
from voicebot.pipeline.replies.fallback_reply import APOLOGY

FAILS, SILENT = "tests.voicebot.players.FailingLLM", "tests.voicebot.players.SilentLLM"


async def ask_in_writing(visitor: Visitor, text: str) -> None:
    await visitor.until(lambda: visitor.of("bot-stopped-speaking"))  # the greeting
    await visitor.socket.send(rtvi_message("send-text", {"content": text}))


@pytest.mark.parametrize("mind", [FAILS, SILENT])
async def test_a_character_that_gets_no_answer_apologises_aloud(own_server, mind):
    server = await asyncio.to_thread(own_server, LLM_PROVIDER=mind, ANSWER_SECS="2")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await ask_in_writing(visitor, "Are you there?")
        heard = len(visitor.audible_at)
        await visitor.until(lambda: visitor.server_messages("trouble"))
        await visitor.until(lambda: len(visitor.audible_at) > heard)
    assert "out of order" not in server.words()


async def test_the_apology_is_spoken_once_and_remembered(own_server):
    server = await asyncio.to_thread(own_server, LLM_PROVIDER=FAILS)
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await ask_in_writing(visitor, "Are you there?")
        await visitor.until(lambda: len(visitor.of("bot-stopped-speaking")) >= 2)
        assert len(visitor.server_messages("trouble")) == 1
        async with asyncio.timeout(PATIENCE_SECS):
            while len(turns := (await asked(visitor, "session.history", {}))["turns"]) < 3:
                await asyncio.sleep(0.2)
        assert [turn["role"] for turn in turns] == ["assistant", "user", "assistant"]
        assert turns[-1]["text"] == APOLOGY


async def test_a_second_provider_takes_over_within_the_turn(own_server):
    server = await asyncio.to_thread(own_server, LLM_PROVIDER=FAILS, LLM_FALLBACK="scripted")
    url, _ = await asyncio.to_thread(server.start_session)
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await ask_in_writing(visitor, "Are you there?")

        def answers() -> list[str]:
            return [m["data"]["text"] for m in visitor.of("bot-output") if "scripted" in m["data"]["text"]]

        await visitor.until(answers)
        assert not visitor.server_messages("trouble")
        before = len(answers())
        await ask_in_writing(visitor, "And now?")
        await visitor.until(lambda: len(answers()) > before)
    metrics = (await asyncio.to_thread(server.request, "/metrics")).body.decode()
    assert 'greenroom_errors_total{stage="llm"} 1.0' in metrics


async def test_a_remote_call_that_hangs_is_given_up(own_server):
    """A server that takes the connection and never answers."""
    hanging = await asyncio.start_server(lambda _r, _w: asyncio.sleep(60), "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    try:
        server = await asyncio.to_thread(
            own_server,
            LLM_PROVIDER="openai",
            OPENAI_LLM_BASE_URL=f"http://127.0.0.1:{port}/v1",
            PROVIDER_TIMEOUT_SECS="1",
            PROVIDER_RETRIES="1",
            LLM_FALLBACK="scripted",
        )
        url, _ = await asyncio.to_thread(server.start_session)
        async with Visitor(url) as visitor:
            await visitor.get_ready()
            await ask_in_writing(visitor, "Are you there?")
            await visitor.until(
                lambda: any("scripted" in m["data"]["text"] for m in visitor.of("bot-output"))
            )
    finally:
        hanging.close()
