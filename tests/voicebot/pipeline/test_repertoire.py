"""A conversation that needs no model: what editors wrote is spoken, and what was said decides the next."""

from datetime import UTC, datetime

import pytest

from characters.prompts import SPEAK_UP
from sessions_app.session import Past
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Turn
from tests.voicebot.live import conversation
from tests.voicebot.repertoire.test_written_turn import EXAMPLES, SPEC
from voicebot.ops import PromptThreads
from voicebot.pipeline import prompting
from voicebot.pipeline.replies.unprompted_turn import unprompted
from voicebot.providers.repertoire.provider import PROVIDER

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]


def talking(**options):
    return conversation(llm=lambda: PROVIDER.llm(SPEC), examples=EXAMPLES, **options)


async def replies(one) -> list[str]:
    return [turn.text for turn in await one.turns() if turn.role == "assistant"]


async def ask(one, words: str) -> str:
    """Types something and waits for the whole reply to be remembered."""
    before = len(await replies(one))
    await one.type(words)
    await one.until(lambda: one.pipeline.activity.questions > 0)
    while len(said := await replies(one)) == before:
        await one.pipeline.activity.change(1)
    await one.pipeline.settle(5)
    return said[-1]


async def test_written_answers_are_spoken_followed_up_and_replaced_by_fallbacks():
    async with talking() as one:
        await one.greeted()
        assert await ask(one, "Tell me about a storm") == "Off Cape Horn it blew for nine days."
        assert await ask(one, "And then?") == "It stopped, all at once."
        assert await ask(one, "Quantum chromodynamics?") in ("That is not in my log.", "Ask me of the sea.")
        assert not one.pipeline.life.errors


async def test_who_comes_back_is_followed_up_where_they_were():
    said = [("user", "A storm?"), ("assistant", "Off Cape Horn it blew for nine days.")]
    now = datetime.now(UTC)
    past = Past("", Coverage(), [Turn(n, role, text, False, now) for n, (role, text) in enumerate(said, 1)])
    async with talking(past=past) as one:
        await one.ready()
        assert await ask(one, "What happened next?") == "It stopped, all at once."


async def test_a_barge_in_keeps_what_was_heard_and_the_talk_goes_on_from_there():
    heard = "Off Cape Horn it blew for nine days."
    longer = EXAMPLES.replace(heard, f"{heard} The tenth was worse than all of them.")
    async with conversation(llm=lambda: PROVIDER.llm(SPEC), examples=longer) as one:
        await one.greeted()
        await one.type("Tell me about a storm")
        await one.until(lambda: any(told["data"].get("spoken") for told in of_the_storm(one)))
        await one.tell("client-message", {"t": "character.interrupt"})
        await one.until(lambda: one.of("bot-stopped-speaking")[1:])
        await one.pipeline.settle(5)
        assert [turn.text for turn in await one.turns() if turn.interrupted] == [heard]
        assert await ask(one, "And then?") == "It stopped, all at once."


def of_the_storm(one) -> list[dict]:
    return [told for told in one.of("bot-output") if "Cape Horn" in told["data"]["text"]]


async def test_a_silence_is_broken_with_written_words():
    async with talking() as one:
        await one.greeted()
        await one.pipeline.worker.queue_frame(unprompted(one.pipeline.context, SPEAK_UP))
        await one.until(lambda: one.of("bot-started-speaking")[1:])
        await one.pipeline.settle(5)
        assert (await replies(one))[-1] in ("That is not in my log.", "Ask me of the sea.")


async def test_a_model_sees_the_exchanges_that_fit_right_before_the_question():
    many = EXAMPLES + "".join(
        f"<START>\n{{{{user}}}}: Q{n} of many?\n{{{{char}}}}: A{n}.\n" for n in range(30)
    )
    async with conversation(examples=many) as one:
        history = [{"role": "user", "content": "Goodbye!"}]
        state = one.pipeline.state
        prepared = await PromptThreads().run(prompting.prepare, state, history, 5.0)
        hint, question = prepared.prompt.messages[-2:]
        assert question == history[0]
        assert hint["role"] == "system"
        assert "Captain Marlow says: “Fair winds.”" in hint["content"]
        assert prepared.prompt.examples == 6, "the first three stand in every prompt"
