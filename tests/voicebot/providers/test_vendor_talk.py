"""What a vendor was being told when the visitor went on is told to it all the same."""

import asyncio

from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.providers.speech_to_speech.vendor import Setup, Vendor, Wish


class Session:
    """Remembers what it is told; a message that is `slow` never leaves here."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.slow, self.stuck, self.over = "", asyncio.Event(), asyncio.Event()

    async def events(self):
        await self.over.wait()
        for never in ():
            yield never

    async def set_up(self, setup: Setup) -> None: ...

    async def add(self, message) -> list[str]:
        if message["content"] == self.slow:
            self.stuck.set()
            await self.over.wait()
        self.told.append(message["content"])
        return []

    async def remove(self, item: str) -> None: ...

    async def respond(self, wish: Wish) -> None: ...

    async def cancel(self, key: str) -> None: ...

    async def close(self) -> None:
        self.over.set()


async def test_what_was_typed_before_the_visitor_went_on_is_known():
    sessions: list[Session] = []

    async def connect() -> Session:
        sessions.append(Session())
        return sessions[-1]

    talk = Talk(Vendor("acme", "m", connect, 600.0, 8_000))
    await talk.connect()
    sessions[0].slow = "One."
    said = [{"role": "user", "content": "One."}]
    answer = asyncio.create_task(talk.answer(Setup("You are Marlow."), said))
    async with asyncio.timeout(30):
        await sessions[0].stuck.wait()
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    sessions[0].slow = ""
    await talk.answer(Setup("You are Marlow."), [*said, {"role": "user", "content": "Two."}])
    assert sessions[-1].told == ["One.", "Two."]
    await talk.close()


async def test_a_session_that_nobody_waits_for_any_more_is_closed():
    made = Session()
    made.slow = "One."

    async def connect() -> Session:
        return made

    talk = Talk(Vendor("acme", "m", connect, 600.0, 8_000))
    answer = asyncio.create_task(talk.answer(Setup(), [{"role": "user", "content": "One."}]))
    async with asyncio.timeout(30):
        await made.stuck.wait()
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    assert made.over.is_set()
