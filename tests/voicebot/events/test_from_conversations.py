"""What a live conversation puts into the outbox: its tools, with words where these are wanted; its errors."""

import asyncio
import json

import pytest

from sessions_app.models import OutboxEvent
from tests.patience import PATIENCE_SECS
from tests.voicebot.events.conftest import House
from tests.voicebot.tools.acting import acting, said_at_last, tool
from tests.voicebot.tools.conftest import model  # noqa: F401  (a fixture)
from voicebot.events import body_of, note_trouble

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


async def told(house, kind: str, **which) -> dict:
    """The body of the first event of a kind, once it is there."""
    rows = OutboxEvent.objects.filter(kind=kind, **which)
    async with asyncio.timeout(PATIENCE_SECS):
        while not (found := await house.do(rows.first)):
            await asyncio.sleep(0.05)
    return json.loads(await house.do(body_of, found, with_words=True))


async def test_a_tool_is_told_of_with_its_words_only_where_they_are_wanted(model):  # noqa: F811
    house = House()
    plain, _ = await house.endpoint("https://plain.example/", "plain")
    wordy, _ = await house.endpoint("https://wordy.example/", "wordy", with_words=True)
    model.call(("dice", {"sides": 6}), then="You rolled.")
    async with acting(model, tool("dice")) as one:
        await one.type("Roll a die.")
        await said_at_last(one, "You rolled.")
        without = await told(house, "tool.called", endpoint=plain)
        with_words = await told(house, "tool.called", endpoint=wordy)
    facts = without["data"]
    assert (facts["tool"], facts["outcome"], facts["character"]) == ("dice", "ok", "marlow")
    assert facts["session"] == str(one.session_id)
    assert not {"arguments", "result", "call"} & facts.keys()
    assert with_words["data"]["arguments"] == {"sides": 6}
    assert "rolled" in with_words["data"]["result"]


async def test_an_error_is_told_of_by_its_stage(house):
    await house.endpoint("https://plain.example/")
    session = await house.session()
    note_trouble(session.id, "marlow", "tts")
    assert (await told(house, "error.reported"))["data"] == {
        "character": "marlow",
        "stage": "tts",
        "session": str(session.id),
    }
