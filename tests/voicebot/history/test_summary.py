"""The past is whole: whatever was said is in the summary or after it, however it is disturbed."""

import asyncio
import json
import re

import pytest
from aiohttp import web
from django.utils import timezone

from characters.prompts import SUMMARY_CHARACTERS
from characters.spec import CharacterSpec
from sessions_app.manager import SessionManager
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Turn
from sessions_app.stores.memory import MemoryStore
from tests.characters.factory import make_character
from tests.visitors import Visitor, rtvi_message
from tests.voicebot.connection.test_resume import back_in
from tests.voicebot.model_server import DONE, chunk, model_server
from voicebot.history import summary
from voicebot.history.llm_context import CONTEXT_TURNS, ContextHistory
from voicebot.history.summary import SUMMARISE_FROM, Summariser, SummaryFailed, gist, summarise
from voicebot.history.writer import HistoryWriter
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import prompt_of
from voicebot.pipeline.session_context import SessionContext

NOW = timezone.now()
LIMIT = 2048


def turn(number: int, text: str = "") -> Turn:
    return Turn(number, "user" if number % 2 else "assistant", text or f"turn {number}", False, NOW)


def facts_of(text: str) -> set[str]:
    return set(re.findall(r"\bf\d+\b", text))


class Model:
    """A language model that keeps the facts it reads (f1, f2, ...), unless it fails or is made to wait."""

    def __init__(self, failures: int = 0, answer: str | None = None):
        self.asked: list[str] = []
        self.failures = failures
        self.answer = answer
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.reads = asyncio.Event()

    async def run_inference(self, context, max_tokens=None, system_instruction=None):
        text = context.get_messages()[0]["content"]
        self.asked.append(text)
        self.reads.set()
        await self.goes_on.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError(text)
        return " ".join(["Known:", *sorted(facts_of(text))]) if self.answer is None else self.answer


# --- one summary ---


async def test_the_summary_before_is_read_however_much_was_said_since():
    """The second summary contains the first: 40 turns of 200 characters once pushed it out."""
    model = Model()
    turns = [turn(n, f"f{n} " + "word " * 40) for n in range(1, 41)]
    text = await summarise(model, "Marlow", "f0", turns, LIMIT)
    assert facts_of(text) == {f"f{n}" for n in range(41)}
    assert "So far: f0" in model.asked[0]


@pytest.mark.parametrize("size", [1, 60, 400, 2_000, 30_000])
@pytest.mark.parametrize("letter", ["a", "言"])
async def test_every_turn_is_read_in_pieces_that_fit_the_model(size, letter):
    model = Model()
    turns = [turn(n, f"f{n}a {letter * size} f{n}b f{n}") for n in range(1, 13)]
    await summarise(model, "Marlow", "They met.", turns, LIMIT)
    read = " ".join(model.asked)
    assert {f"f{n}" for n in range(1, 13)} <= facts_of(read)
    room = LIMIT - summary.SUMMARY_TOKENS - summary.INSTRUCTION_TOKENS
    assert max(map(summary.token_estimate.estimate, model.asked)) <= room


@pytest.mark.parametrize("answer", ["", "   ", "<think>f1 f2 and so on", "<think>what now</think> "])
async def test_a_model_that_says_nothing_has_failed(answer):
    with pytest.raises(SummaryFailed):
        await summarise(Model(answer=answer), "Marlow", "They met.", [turn(1), turn(2)], LIMIT)


async def test_a_models_thoughts_are_no_summary():
    model = Model(answer="<think>Let me see.</think>They spoke of\n ships.")
    assert await summarise(model, "Marlow", "", [turn(1)], LIMIT) == "They spoke of ships."


async def test_without_a_model_it_is_the_gist():
    text = await summarise(object(), "Marlow", "They met.", [turn(1, "Ships?"), turn(2, "Many.")], LIMIT)
    assert text == "They met. The visitor said: Ships?."


def test_a_gist_keeps_what_was_known_and_has_a_limit():
    known = "Robin likes ships."
    for _ in range(50):
        known = gist(known, [turn(n, "word " * 200) for n in range(1, 60)])
        assert len(known) <= SUMMARY_CHARACTERS
        assert known.startswith("Robin likes ships.")
    assert gist(known, [turn(2)]) == known


# --- a conversation with one ---


class Talk:
    """A conversation as its pipeline holds it, with a real manager and writer, and a model that reads."""

    def __init__(self, manager, session, spool, model, limit=LIMIT):
        self.manager, self.session, self.spool = manager, session, spool
        self.model, self.limit = model, limit

    async def connect(self) -> "Talk":
        """A new connection, which begins with what is kept."""
        past = await self.manager.past(self.session.id, CONTEXT_TURNS)
        sealer = await self.manager.sealer(self.session.id)
        writer = HistoryWriter(self.manager, self.session.id, sealer, self.spool)
        writer.behind(max([past.covered.upto, *(turn.sequence for turn in past.turns)]))
        spec = CharacterSpec(slug="marlow", name="Captain Marlow", system_prompt="You are {{char}}.")
        context = SessionContext(self.session.id, self.manager, writer, self.session.id, self.limit)
        self.state = ConversationState(context, self.session, spec, past)
        self.writer = writer
        self.history = ContextHistory(past)
        self.summariser = Summariser(past, context)
        return self

    def say(self, text: str = "", size: int = 60) -> str:
        number = self.writer.sequence + 1
        text = text or f"f{number} " + "w" * size
        role = "user" if number % 2 else "assistant"
        self.history.context.add_message({"role": role, "content": text})
        self.history.note(self.writer.add(role, text))
        return text

    async def renew(self) -> None:
        if await self.summariser.renew(self.state.spec, {}, self.model, self.history):
            self.state.set_summary(self.summariser.summary, self.summariser.covered.count)

    def known(self) -> set[str]:
        """The facts that the model would read of if it had to answer now."""
        prompt = prompt_of(self.state, self.history.context.get_messages())
        return facts_of(str(prompt.as_messages()))

    def all_said(self) -> set[str]:
        return {f"f{n}" for n in range(1, self.writer.sequence + 1)}


@pytest.fixture
def talk(spool, transactional_db):
    make_character()
    manager = SessionManager(MemoryStore())
    session = manager.sync.create(character="marlow", visitor="anon:me")

    def make(model=None, **more) -> Talk:
        return Talk(manager, session, spool, model or Model(), **more)

    return make


@pytest.mark.parametrize(("size", "limit"), [(20, LIMIT), (200, LIMIT), (700, LIMIT), (200, 16_384)])
async def test_at_every_turn_the_model_knows_all_that_was_said(talk, size, limit):
    going_on = await talk(limit=limit).connect()
    for _ in range(130):
        going_on.say(size=size)
        await going_on.renew()
        assert going_on.known() == going_on.all_said()
    assert going_on.model.asked


@pytest.mark.parametrize("size", [20, 200])
async def test_a_resumed_conversation_of_any_length_loses_nothing(talk, size):
    """Of 41 to 59 turns it once lost the first ones: too many to be loaded, too few for a summary."""
    going_on = await talk().connect()
    for number in range(1, 125):
        going_on.say(size=size)
        await going_on.renew()
        if number % 7 == 0 or 40 <= number <= 60:
            await going_on.writer.flush(5)
            again = await talk(Model()).connect()
            assert again.known() == going_on.all_said(), f"resumed after {number} turns"


async def test_what_is_said_while_the_summary_is_made_stays(talk):
    """The summary takes as long as ten turns; each is in it or after it, and none is there twice."""
    going_on = await talk().connect()
    for _ in range(SUMMARISE_FROM):
        going_on.say(size=10)
    going_on.model.goes_on.clear()
    renewing = asyncio.create_task(going_on.renew())
    await going_on.model.reads.wait()
    for _ in range(10):
        going_on.say(size=10)
        await going_on.renew()  # each of them asks; one is under way
        assert going_on.known() == going_on.all_said()
    going_on.model.goes_on.set()
    await renewing
    assert len(going_on.model.asked) == 1
    assert going_on.known() == going_on.all_said()
    in_context = facts_of(" ".join(going_on.history.said()))
    assert in_context.isdisjoint(facts_of(going_on.state.summary)), "the summary moves turns, not copies"


async def test_a_summary_that_fails_costs_nothing_and_is_made_later(talk, caplog):
    going_on = await talk(Model(failures=2)).connect()
    for _ in range(SUMMARISE_FROM + 12):
        going_on.say("" if going_on.writer.sequence else "f1 zanzibarquince", size=10)
        await going_on.renew()
        assert going_on.known() == going_on.all_said()
    assert len(going_on.model.asked) == 3, "twice in vain, with turns between, then it was made"
    assert going_on.state.summary
    assert "not summarised yet (RuntimeError)" in caplog.text
    assert "zanzibarquince" not in caplog.text, "an error may quote what was said"


async def test_a_model_that_is_away_for_good_leaves_the_gist(talk):
    going_on = await talk(Model(failures=10**6)).connect()
    for _ in range(SUMMARISE_FROM + 20):
        going_on.say(size=10)
        await going_on.renew()
    assert "f1 " in going_on.state.summary
    assert len(going_on.history.said()) < SUMMARISE_FROM


async def test_turns_of_a_killed_process_that_come_home_late_are_missed_by_nobody(talk):
    """Numbers were left for them; the others have been summarised before they come."""
    going_on = await talk().connect()
    for _ in range(10):
        going_on.say(size=10)
    going_on.writer.behind(30)  # whoever had the session may still bring 11 to 30
    for _ in range(SUMMARISE_FROM):
        going_on.say(size=10)
    await going_on.renew()
    assert going_on.summariser.covered.gaps == ((11, 30),)
    late = [turn(n, f"f{n} late") for n in (11, 12)]
    await going_on.manager.append(going_on.session.id, late)
    again = await talk().connect()
    assert {"f11", "f12"} <= again.known()
    for _ in range(SUMMARISE_FROM):
        again.say(size=10)
    await again.renew()
    assert {"f11", "f12"} <= facts_of(again.state.summary)
    assert again.summariser.covered.gaps == ((13, 30),)


async def test_of_two_connections_at_once_both_know_everything_and_one_summary_holds(talk):
    """The older connection is a zombie that goes on: its summary comes late, and takes nothing away."""
    older = await talk().connect()
    for _ in range(SUMMARISE_FROM):
        older.say(size=10)
    older.model.goes_on.clear()
    renewing = asyncio.create_task(older.renew())
    await older.model.reads.wait()
    newer = await talk().connect()
    for _ in range(30):
        newer.say(size=10)
    await newer.renew()
    older.model.goes_on.set()
    await renewing
    past = await newer.manager.past(newer.session.id, CONTEXT_TURNS)
    assert past.covered == newer.summariser.covered, "the one that reaches further"
    assert older.state.summary == newer.state.summary
    again = await talk().connect()
    assert again.known() == newer.known() == newer.all_said()


async def test_a_database_that_is_away_only_puts_it_off(talk, monkeypatch):
    monkeypatch.setattr(summary, "SUMMARY_FLUSH_SECS", 0.01)
    going_on = await talk().connect()
    gone = asyncio.Event()

    append = going_on.manager.append_sealed

    async def away(*args):
        await gone.wait()
        return await append(*args)

    monkeypatch.setattr(going_on.manager, "append_sealed", away)
    for _ in range(SUMMARISE_FROM):
        going_on.say(size=10)
    await going_on.renew()
    assert not going_on.model.asked
    assert going_on.known() == going_on.all_said()
    monkeypatch.setattr(going_on.manager, "append_sealed", append)
    gone.set()
    for _ in range(4):
        going_on.say(size=10)
        await going_on.writer.flush(5)
        await going_on.renew()
    assert going_on.model.asked
    assert going_on.known() == going_on.all_said()


async def test_summaries_of_earlier_versions_are_read(talk):
    first = await talk().connect()
    sealer = await first.manager.sealer(first.session.id)
    from sessions_app.stores.records import SummaryRecord

    old = SummaryRecord(4, sealer.seal("summary", "text", 4, "They met."), NOW)
    assert first.manager.sync.store.summarise(first.session.id, old)
    past = await first.manager.past(first.session.id, CONTEXT_TURNS)
    assert (past.summary, past.covered) == ("They met.", Coverage(4))


# --- in a real server ---


async def test_a_long_conversation_is_summarised_beside_itself_and_resumed_whole(server):
    """Sixty turns are typed into a live conversation; its export then has a summary."""
    url, answer = await asyncio.to_thread(server.start_session)
    cookie = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
    async with Visitor(url) as visitor:
        session = (await visitor.get_ready())["id"]
        for number in range(SUMMARISE_FROM):
            stopped = len(visitor.of("bot-llm-stopped"))
            await visitor.socket.send(rtvi_message("send-text", {"content": f"remark {number}"}))
            await visitor.until(lambda count=stopped: len(visitor.of("bot-llm-stopped")) > count)
        await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
        async with asyncio.timeout(20):
            while True:
                kept = await asyncio.to_thread(server.request, f"/api/sessions/{session}", **cookie)
                if kept.json["summary"]:
                    break
                await asyncio.sleep(0.3)
    assert "remark 1" in kept.json["summary"]
    said = [t["text"] for t in kept.json["turns"] if t["role"] == "user"]
    assert said == [f"remark {number}" for number in range(SUMMARISE_FROM)]


@pytest.mark.long
async def test_a_real_model_is_told_all_that_was_said_while_it_summarises_and_after_a_return(own_server):
    """Its summary takes as long as three turns; then the visitor leaves, comes back and asks."""
    goes_on = asyncio.Event()

    async def behave(model, request, asked):
        text = " ".join(message["content"] for message in asked["messages"])
        if asked.get("stream"):
            response = await model.opened(request)
            await response.write(chunk("Yes.") + chunk(finish="stop") + DONE)
            return response
        await goes_on.wait()
        message = {"role": "assistant", "content": " ".join(["Known:", *sorted(facts_of(text))])}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response(
            {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        )

    async with model_server() as model:
        model.behaviour = behave
        server = await asyncio.to_thread(own_server, LLM_PROVIDER="openai", OPENAI_LLM_BASE_URL=model.url)
        url, answer = await asyncio.to_thread(server.start_session)
        said = 0

        def told() -> set[str]:
            asked = [request for request in model.asked if request.get("stream")]
            return facts_of(json.dumps(asked[-1]["messages"])) if asked else set()

        async def say(visitor: Visitor) -> None:
            nonlocal said
            said += 1
            text = f"f{said} " + "word " * 200
            await visitor.socket.send(rtvi_message("send-text", {"content": text}))
            await visitor.until(lambda: f"f{said}" in told())
            assert told() == {f"f{n}" for n in range(1, said + 1)}
            await visitor.until(lambda: visitor.hears_speech)
            await visitor.until(lambda: not visitor.hears_speech)

        def summaries() -> int:
            return sum(not request.get("stream") for request in model.asked)

        async with Visitor(url) as visitor:
            session = (await visitor.get_ready())["id"]
            await visitor.until(lambda: visitor.of("bot-stopped-speaking"))
            while not summaries():
                await say(visitor)
            for _ in range(3):
                await say(visitor)
            assert summaries() == 1
            goes_on.set()
            while summaries() < 2:
                await say(visitor)
        async with Visitor(await back_in(server, session, answer)) as visitor:
            await visitor.get_ready()
            for _ in range(2):
                await say(visitor)
