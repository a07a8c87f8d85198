"""What tools do with a conversation: asked first, on the page, on the stage, later, and without functions."""

import asyncio
import json

import pytest

from characters.models import Character
from sessions_app.database import in_database
from sessions_app.models import VoiceSession
from tests.characters.factory import make_character
from tests.patience import PATIENCE_SECS
from tests.voicebot.live import conversation
from tests.voicebot.tools.acting import acting, calls_in, said_at_last, tool

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
PLACE = {"name": "place", "type": "string"}


def state_of(session_id) -> str:
    return VoiceSession.objects.get(pk=session_id).state


async def message(one, kind: str) -> dict:
    await one.until(lambda: one.server_messages(kind))
    return one.server_messages(kind)[-1]


async def test_the_page_is_asked_and_answers(model):
    model.call(("lamp", {"place": "hall"}), then="There is light.")
    async with acting(model, tool("lamp", "page", arguments=[PLACE])) as one:
        await one.type("Light in the hall, please.")
        asked = await message(one, "tool-call")
        assert (asked["tool"], asked["arguments"]) == ("lamp", {"place": "hall"})
        await one.tell("client-message", {"t": "tool.result", "d": {"id": "another", "result": "no"}})
        await one.tell(
            "client-message", {"t": "tool.result", "d": {"id": asked["id"], "result": {"on": True}}}
        )
        await said_at_last(one, "There is light.")
        assert json.loads(model.asked[-1]["messages"][-1]["content"])["data"] == {"on": True}


async def test_a_page_that_does_not_answer_is_not_waited_for(model):
    model.call(("lamp", {}), then="Nobody lights it.")
    async with acting(model, tool("lamp", "page", timeout_secs=1)) as one:
        await one.type("Light, please.")
        await said_at_last(one, "Nobody lights it.")
        asked = await message(one, "tool-call")
        assert (await message(one, "tool-cancelled"))["id"] == asked["id"]
        assert [call.outcome for call in calls_in(await one.turns())] == ["timeout"]


@pytest.mark.parametrize("answer", ["Yes, please.", "No."])
async def test_the_visitor_is_asked_first_and_answers_in_words(model, answer):
    model.call(("dice", {}), then="As you wish.")
    async with acting(model, tool("dice", asks_first=True, options={"question": "Shall I roll?"})) as one:
        await one.type("Roll.")
        question = await message(one, "tool-question")
        assert question["question"] == "Shall I roll?"
        assert await one.pipeline.settle(PATIENCE_SECS)
        assert not one.server_messages("tool-answered")
        assert len(model.asked) == 1, "the model says nothing of a result that is not there"
        model.say("As you wish.")
        await one.type(answer)
        await said_at_last(one, "As you wish.")
        assert (await message(one, "tool-answered"))["id"] == question["id"]
        outcomes = [call.outcome for call in calls_in(await one.turns())]
        assert outcomes == ["asked", "ok" if answer.startswith("Yes") else "declined"]


async def test_the_visitor_agrees_on_the_stage(model):
    model.call(("dice", {"sides": 20}), then="A roll.")
    async with acting(model, tool("dice", asks_first=True)) as one:
        await one.type("Roll a twenty.")
        question = await message(one, "tool-question")
        model.say("It has been rolled.")
        await one.tell("client-message", {"t": "tool.answer", "d": {"id": question["id"], "agreed": True}})
        await said_at_last(one, "It has been rolled.")
        calls = calls_in(await one.turns())
        assert [call.outcome for call in calls] == ["asked", "ok"]
        assert calls[1].arguments == {"sides": 20}


async def test_a_card_is_shown_with_the_writers_link_and_no_other(model):
    options = {"link": "https://harbour.example/", "title": "The harbour"}
    model.call(("card", {"title": "Free money", "text": "Come."}), then="Have a look.")
    async with acting(model, tool("card", "show", options=options)) as one:
        await one.type("Where is it?")
        card = await message(one, "card")
        assert card == {
            "type": "card",
            "title": "The harbour",
            "text": "Come.",
            "link": "https://harbour.example/",
        }


@pytest.mark.parametrize(
    "options",
    [
        {"link": "javascript:alert(1)"},
        {"link": "http://harbour.example/"},
        {"link": "https://user@harbour.example/"},
        {"picture": "https://elsewhere.example/spy.png"},
        {"picture": "/media/../secrets"},
    ],
)
async def test_no_card_leads_elsewhere(model, options):
    model.call(("card", {"title": "Come"}), then="There is none.")
    async with acting(model, tool("card", "show", options=options)) as one:
        await one.type("Where is it?")
        await said_at_last(one, "There is none.")
        assert not one.server_messages("card")


async def test_a_timer_speaks_up(model):
    over = asyncio.Event()
    model.call(("timer", {"seconds": 600, "about": "the (eggs)"}), then="I will tell you.")
    async with acting(model, tool("timer")) as one:
        one.pipeline.actor._sleep = lambda secs: over.wait() if secs == 600 else asyncio.sleep(secs)
        await one.type("Ten minutes for the eggs.")
        await said_at_last(one, "I will tell you.")
        model.say("The eggs are done.")
        over.set()
        await said_at_last(one, "The eggs are done.")
        assert [each["over"] for each in one.server_messages("timer")] == [False, True]
        assert 'called "the eggs"' in json.dumps(model.asked[-1]["messages"]).replace('\\"', '"')


async def test_a_goodbye_ends_the_session_when_it_was_heard(model):
    model.call(("bye", {"words": "Fair winds to you."}))
    async with acting(model, tool("bye", "goodbye")) as one:
        await one.type("I must go.")
        async with asyncio.timeout(PATIENCE_SECS):
            while await in_database(state_of, one.session_id) != "ended":
                await asyncio.sleep(0.05)
        said = [turn.text for turn in await one.turns() if turn.role == "assistant"]
        assert said[-1] == "Fair winds to you."
        assert len(model.asked) == 1


async def test_another_character_takes_over_and_only_one_that_may(model):
    await in_database(make_character, slug="ada", name="Ada Quill")
    model.call(("fetch", {"character": "ada"}), then="Here she comes.")
    async with acting(model, tool("fetch", "hand_over", options={"characters": "ada"})) as one:
        await one.type("Get Ada.")
        await said_at_last(one, "Here she comes.")
        async with asyncio.timeout(PATIENCE_SECS):
            while (await one.manager.get(one.session_id)).character != "ada":
                await asyncio.sleep(0.05)
    await in_database(Character.objects.filter(slug="marlow").update, slug="old-marlow")
    async with acting(model, tool("fetch", "hand_over", options={"characters": "nobody"})) as one:
        await one.type("Get Ada.")
        await said_at_last(one, "Here she comes.")
        assert "It may be one of: nobody." in model.asked[-1]["messages"][-1]["content"]
        assert (await one.manager.get(one.session_id)).character == "marlow"


async def test_who_is_not_signed_in_has_no_tools_for_accounts(model):
    model.call(("dice", {}), then="Sign in first.")
    async with acting(model, tool("dice", audience="accounts")) as one:
        await one.type("Roll.")
        await said_at_last(one, "Sign in first.")
        assert [call.outcome for call in calls_in(await one.turns())] == ["refused"]


async def test_key_words_call_a_tool_where_the_model_cannot():
    """The scripted model is no function caller: the tool's own sentence is the answer."""
    keyed = tool("dice", keys=["roll the dice"], sentence="You have rolled: {result}.")
    async with conversation(tools=[keyed, tool("clock", keys=["what time is it"])]) as one:
        await one.greeted()
        await one.type("Please roll the dice!")
        await said_at_last(one, "You have rolled: ")
        await one.type("And what time is it?")
        await said_at_last(one, "It is ")
        turns = await one.turns()
        assert not one.server_messages("trouble"), "nobody apologises for an answer that was given"
        assert [turn.role for turn in turns[1:]] == ["user", "tool", "assistant", "user", "tool", "assistant"]
        assert "scripted reply" not in " ".join(turn.text for turn in turns)
        await one.type("Tell me of the sea.")
        await said_at_last(one, "scripted reply")


async def test_key_words_are_the_models_business_where_it_can(model):
    async with acting(model, tool("dice", keys=["dice"])) as one:
        await one.type("I like dice.")
        await said_at_last(one, "Ahoy there.")
        assert not calls_in(await one.turns())
