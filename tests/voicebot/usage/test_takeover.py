"""A session that another connection takes over in mid-reply: what both have used counts, and counts once."""

import asyncio
from uuid import UUID

import pytest

from tests.patience import PATIENCE_SECS
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import asked, back_in, pair, write  # noqa: F401  (a fixture)
from tests.voicebot.usage.test_with_a_server import SUMS, ask, used


async def answered(visitor: Visitor, question: str) -> None:
    """Until the history ends with what was said to this question.

    Of a reply before it that was cut before a word of it was heard there is no turn.
    """
    async with asyncio.timeout(PATIENCE_SECS):
        while True:
            *_, asked_last, last = (await asked(visitor, "session.history"))["turns"]
            if asked_last["text"] == question and last["role"] == "assistant":
                return
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["the same process", "another process"])
async def test_two_connections_count_what_each_has_used(pair, elsewhere):  # noqa: F811
    first = pair[0]
    second = pair[elsewhere]
    url, answer = await asyncio.to_thread(first.start_session)
    async with Visitor(url) as one:
        session = (await one.get_ready())["id"]
        await one.until(lambda: one.of("bot-stopped-speaking"))
        await write(one, "Tell me of the sea.")
        once = await used(first, session, 1)
        greeting = (await asked(one, "session.history"))["turns"][0]["text"]
        heard = len(one.audible_at)
        await one.socket.send(rtvi_message("send-text", {"content": "And of ships?"}))
        await one.until(lambda: len(one.audible_at) > heard)
        async with Visitor(await back_in(second, session, answer)) as other:
            assert (await one.until_closed())[0] == 4409
            await other.get_ready()
            await write(other, "And of harbours?")
            await answered(other, "And of harbours?")
    assert once["llm"][1] == 1
    per_reply = once["llm"][2]
    spoken = once["tts"][3] - len(greeting)

    def settled() -> dict[str, tuple]:
        return {row[0]: row[1:] for row in ask(first, SUMS, UUID(session))}

    async with asyncio.timeout(60):
        while (found := await asyncio.to_thread(settled))["llm"][1] < 3 or found["tts"][4] < 2:
            await asyncio.sleep(0.1)
    asked_for = [len(visitor.of("bot-llm-started")) for visitor in (one, other)]
    assert min(asked_for) > 0
    calls = sum(asked_for)
    assert found["llm"][1] == calls, "of both, each once"
    assert found["llm"][2] == calls * per_reply
    assert found["llm"][4] == 2, "each connection counts for itself"
    assert found["tts"][3] == len(greeting) + calls * spoken, "the greeting, and each reply"
