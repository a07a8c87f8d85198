"""Remember and forget as tools: with the visitor's consent alone, and gone when it is said to be gone."""

import json

import pytest

from sessions_app.database import in_database
from sessions_app.memories import Memories
from sessions_app.models import SealedMemory, ToolUse
from tests.characters.factory import make_character
from tests.voicebot.tools.acting import acting, calls_in, said_at_last, tool
from voicebot.memories import Learning

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
VISITOR, MARLOW = "anon:me", "marlow"
TOOLS = tool("remember"), tool("forget")


async def there_is(agreed: bool | None, **character: object) -> None:
    """The character, and what the visitor has answered whether it may remember them."""
    await in_database(make_character, tools=list(TOOLS), **character)
    if agreed is not None:
        await Memories().set_consent(VISITOR, MARLOW, agreed)


async def known() -> list[str]:
    return sorted(each.finding.text for each in (await Memories().known(VISITOR, MARLOW)).recollections)


def told(model) -> dict:
    return json.loads(model.asked[-1]["messages"][-1]["content"])


async def test_what_a_visitor_asks_to_be_kept_is_kept_sealed_and_known_at_once(model):
    await there_is(True, remembers=True)
    model.call(("remember", {"fact": "has a zanzibarquince called Pip"}), then="I shall.")
    async with acting(model, learning=Learning(Memories())) as one:
        await one.type("Remember Pip.")
        await said_at_last(one, "I shall.")
        assert told(model)["data"] == {"kept": True}
        assert [each.finding.text for each in one.pipeline.state.context.remembering.known] == await known()
        assert await known() == ["has a zanzibarquince called Pip"]
    stored = await in_database(lambda: bytes(SealedMemory.objects.get().sealed))
    assert b"zanzibarquince" not in stored
    use = await in_database(ToolUse.objects.get)
    assert "zanzibarquince" not in str(vars(use))


@pytest.mark.parametrize(
    ("agreed", "character", "fact", "why"),
    [
        (None, {"remembers": True}, "has a dog", "has not agreed"),
        (False, {"remembers": True}, "has a dog", "has not agreed"),
        (True, {"remembers": False}, "has a dog", "remember nothing beyond"),
        (True, {"remembers": True, "memory_kinds": ["name"]}, "has a dog", "remember nothing beyond"),
        (True, {"remembers": True}, "has diabetes", "too private"),
    ],
)
async def test_nothing_is_kept_that_may_not_be(model, agreed, character, fact, why):
    await there_is(agreed, **character)
    model.call(("remember", {"fact": fact}), then="I may not.")
    async with acting(model, learning=Learning(Memories())) as one:
        await one.type("Remember that.")
        await said_at_last(one, "I may not.")
        assert why in told(model)["error"]
        assert [call.outcome for call in calls_in(await one.turns())] == ["failed"]
    assert not await in_database(SealedMemory.objects.count)


@pytest.mark.parametrize(
    ("about", "left", "count"), [("dog", ["has a boat"], 1), ("", [], 2), ("cat", None, 0)]
)
async def test_what_a_visitor_wants_forgotten_is_gone(model, about, left, count):
    await there_is(True, remembers=True)
    model.call(("remember", {"fact": "has a dog"}), ("remember", {"fact": "has a boat"}), then="I shall.")
    async with acting(model, learning=Learning(Memories())) as one:
        await one.type("Keep both in mind, please.")
        await said_at_last(one, "I shall.")
        model.call(("forget", {"about": about}), then="It is forgotten.")
        await one.type("Strike it from the log.")
        await said_at_last(one, "It is forgotten.")
        assert told(model)["data"] == {"forgotten": count}
        there = sorted(each.finding.text for each in one.pipeline.state.context.remembering.known)
        assert there == await known() == (["has a boat", "has a dog"] if left is None else left)
    assert await known() == there


async def test_what_was_said_of_it_and_is_not_learnt_yet_is_forgotten_too(model):
    """The rules find a dog in these words; without consent they wait, and are learnt when it is given."""
    await there_is(None, remembers=True)
    async with acting(model, learning=Learning(Memories())) as one:
        await one.type("I have a dog called Pip.")
        await said_at_last(one, "Ahoy there.")
        model.call(("forget", {"about": "dog"}), then="I know of none.")
        await one.type("Strike it from the log.")
        await said_at_last(one, "I know of none.")
        await one.type("You may remember me.")
        await one.until(lambda: one.pipeline.state.context.remembering.consent == "yes")
        assert await one.pipeline.settle(20)
    assert not [text for text in await known() if "dog" in text or "Pip" in text]
