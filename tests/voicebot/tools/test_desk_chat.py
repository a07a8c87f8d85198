"""The draft chat of the desk: the model calls the character's tools, and nothing is kept of it."""

from dataclasses import replace

import pytest

from characters.spec import CharacterSpec
from characters.tools import ToolSpec
from sessions_app.database import in_database
from sessions_app.models import ToolUse
from tests.characters.factory import make_character
from tests.characters.test_draft_chat import written
from voicebot.tools import Desk

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
SHEET = CharacterSpec(slug="a-sheet", name="A sheet", llm_provider="openai", llm_model="m")
ASKED = [{"role": "system", "content": "You are Finn."}, {"role": "user", "content": "Roll two dice."}]


@pytest.fixture(autouse=True)
def behind_the_api(settings, model) -> None:
    settings.OPENAI = {
        stage: {**given, "api_key": "x", "base_url": model.url} for stage, given in settings.OPENAI.items()
    }


async def answered(*tools: ToolSpec) -> str:
    return "".join([piece async for piece in Desk().reply(replace(SHEET, tools=tools), ASKED)])


async def test_a_tool_is_called_and_the_reply_goes_on_behind_it(model):
    model.call(("dice", {"count": 2}), ("dice", {"count": 3}), then="A fine roll.")
    assert (await answered(ToolSpec("dice", "dice"))).strip() == "A fine roll."
    assert [m["role"] for m in model.asked[-1]["messages"]].count("tool") == 2
    assert '"rolled"' in model.asked[-1]["messages"][-1]["content"]
    assert not await in_database(ToolUse.objects.count)


async def test_what_a_tool_would_have_done_is_said_and_not_done(model):
    model.call(("bye", {"words": "Fair winds."}))
    said = await answered(ToolSpec("bye", "goodbye"))
    assert "says: Fair winds." in said
    assert "ends the conversation" in said


async def test_a_character_without_tools_is_told_of_none(model):
    assert (await answered()).strip() == "Ahoy there. The sea is wide today."
    assert "tools" not in model.asked[-1]


async def test_the_chat_beside_a_draft_has_its_tools(model, admin_client):
    marlow = await in_database(make_character, tools=[{"name": "dice", "kind": "dice"}])
    model.call(("dice", {"count": 2}), then="A fine roll.")

    def write() -> str:
        typed = {"_character": str(marlow.pk), "llm_provider": "openai", "llm_model": "m"}
        return b"".join(written(admin_client, "Roll two dice.", **typed)).decode()

    assert (await in_database(write)).strip() == "A fine roll."
    assert model.asked[0]["tools"][0]["function"]["name"] == "dice"
