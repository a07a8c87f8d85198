"""A process that was stopped wakes as the owner of a session that has moved on: nothing lost or doubled."""

import asyncio
import signal

import psycopg

from tests.visitors import Visitor
from tests.voicebot.connection.test_resume import asked, write


async def test_what_a_woken_process_still_has_stands_before_what_was_said_since(own_server, redis_url):
    first, second = [await asyncio.to_thread(own_server, REDIS_URL=redis_url) for _ in range(2)]
    url, _ = await asyncio.to_thread(first.start_session)
    elsewhere = url.replace(str(first.port), str(second.port))
    async with Visitor(url) as visitor:
        await visitor.get_ready()
        await write(visitor, "one")
        # Nobody may write turns: what is said now is on its way, or waits, when the process is stopped.
        holding = await psycopg.AsyncConnection.connect(first.database)
        await holding.execute("LOCK TABLE sessions_app_sessionturn IN SHARE MODE")
        await write(visitor, "two")
        first.process.send_signal(signal.SIGSTOP)
        try:
            async with Visitor(elsewhere) as moved:
                # Before the question is in the database, which would have it answered a second time, rightly.
                assert (await moved.get_ready())["resumed"]
                await holding.close()
                await write(moved, "three")
                first.process.send_signal(signal.SIGCONT)
                await visitor.until_closed()
                turns = []
                async with asyncio.timeout(20):
                    while [turn["role"] for turn in turns].count("assistant") < 4:
                        turns = (await asked(moved, "session.history", {}))["turns"]
                        await asyncio.sleep(0.2)
                await write(moved, "four")
                turns = (await asked(moved, "session.history", {}))["turns"]
        finally:
            first.process.send_signal(signal.SIGCONT)
    assert [turn["text"] for turn in turns if turn["role"] == "user"] == ["one", "two", "three", "four"]
    sequences = [turn["sequence"] for turn in turns]
    assert sequences == sorted(set(sequences))
    at = [index for index, turn in enumerate(turns) if turn["text"] in ("two", "three")]
    # One reply or two: where only the question was written, the other process has answered it, too.
    between = [turn["role"] for turn in turns[at[0] + 1 : at[1]]]
    assert between in (["assistant"], ["assistant"] * 2), "the reply to `two` stands before `three`"
    assert len({turn["sequence"] for turn in turns}) == len(turns)
