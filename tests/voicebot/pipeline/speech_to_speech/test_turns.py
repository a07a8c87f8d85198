"""What a turn tells a vendor besides its sound: typed words, lore, tools, changes, the past."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pipecat.frames.frames import EndFrame, Frame, LLMContextFrame, MetricsFrame
from pipecat.metrics.metrics import LLMUsageMetricsData
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.workers.runner import WorkerRunner

from sessions_app.costs import Meter
from sessions_app.session import Past, Turn
from sessions_app.session.coverage import Coverage
from tests.visitors import question
from tests.voicebot.pipeline.speech_to_speech.talking import eventually, talking, vendor_at
from tests.voicebot.realtime_server import realtime_server
from tests.voicebot.tools.acting import said_at_last, tool
from voicebot.providers import JSONAnswers
from voicebot.providers.speech_to_speech.serving import services_of
from voicebot.providers.speech_to_speech.talk import Talk
from voicebot.usage import counting, infer

pytestmark = pytest.mark.django_db(transaction=True)


def told(session, role: str) -> list[str]:
    """The texts that a session was told, of messages of this role."""
    items = [event["item"] for event in session.of("conversation.item.create")]
    return [item["content"][0]["text"] for item in items if item.get("role") == role]


async def test_typed_words_become_an_item_and_spoken_ones_do_not():
    async with realtime_server() as server, talking(server) as one:
        server.hears = ["Good morning, captain."]
        await one.say(question(), silence_secs=1.5)
        await said_at_last(one, "wide today.")
        server.answers = [("say", "A long way off.")]
        await one.type("How far is it?")
        await said_at_last(one, "long way off.")
        assert told(server.session, "user") == ["How far is it?"]
        assert [role for role, _words in server.session.said].count("user") == 2
        assert server.errors == []


async def test_the_greeting_is_spoken_word_for_word_and_known_afterwards():
    async with realtime_server() as server, talking(server, greeting="Welcome aboard, stranger.") as one:
        asked = server.session.of("response.create")[0]["response"]
        assert asked["conversation"] == "none"
        assert asked["instructions"].endswith("Welcome aboard, stranger.")
        await one.type("Thank you.")
        await said_at_last(one, "wide today.")
        assert told(server.session, "assistant") == ["Welcome aboard, stranger."]
        assert (await one.turns())[0].text == "Welcome aboard, stranger."
        assert server.errors == []


async def test_who_the_character_is_is_told_as_instructions_and_once():
    async with realtime_server() as server, talking(server, description="A captain without a ship.") as one:
        for words in ("One.", "Two."):
            server.answers = [("say", f"So, {words}")]
            await one.type(words)
            await said_at_last(one, f"So, {words}")
        updates = [event["session"] for event in server.session.of("session.update")]
    assert "A captain without a ship." in updates[-1]["instructions"]
    assert updates[0]["audio"]["input"]["turn_detection"] is None
    assert len(updates) <= 3, "what is told already is not told again: the vendor has cached it"
    assert all("audio" not in update for update in updates[1:])


async def test_a_tool_is_called_with_the_same_hands_and_its_answer_is_spoken():
    async with realtime_server() as server, talking(server, tools=[tool("dice")]) as one:
        server.answers = [("call", [("dice", {"count": 2})]), ("say", "A fine roll.")]
        await one.type("Roll two dice, please.")
        await said_at_last(one, "A fine roll.")
        outputs = [e["item"] for e in server.session.of("conversation.item.create") if "call_id" in e["item"]]
        turns = await one.turns()
    assert [item["type"] for item in outputs] == ["function_call_output"], (
        "the vendor has its own call already"
    )
    assert '"rolled"' in outputs[0]["output"]
    assert [turn.role for turn in turns] == ["assistant", "user", "tool", "assistant"]
    assert server.errors == []


async def test_the_past_comes_back_as_text_and_the_open_question_is_answered():
    now = datetime.now(UTC)
    turns = [Turn(1, "assistant", "Ahoy.", False, now), Turn(2, "user", "Where is the map?", False, now)]
    past = Past("They met in Bristol.", Coverage(), turns)
    async with realtime_server() as server, talking(server, past=past) as one:
        await said_at_last(one, "wide today.")
        first = server.session
        assert "They met in Bristol." in first.of("session.update")[-1]["session"]["instructions"]
        assert told(first, "assistant")[-1:] == ["Ahoy."]
        assert told(first, "user")[-1:] == ["Where is the map?"]
        assert server.errors == []


class TokenMeter(FrameProcessor):
    """What is told of tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[LLMUsageMetricsData] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, MetricsFrame):
            self.found += [each for each in frame.data if isinstance(each, LLMUsageMetricsData)]
        await self.push_frame(frame, direction)


async def test_usage_is_told_as_pipecat_tells_it():
    async with realtime_server() as server:
        _ears, mind, _voice = services_of(Talk(vendor_at(server)), language="en", voice="marin")
        meter = TokenMeter()
        params = PipelineParams(enable_metrics=True, enable_usage_metrics=True)
        worker = PipelineWorker(Pipeline([mind, meter]), params=params, enable_rtvi=False)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        await worker.queue_frames(
            [LLMContextFrame(LLMContext([{"role": "user", "content": "Hi."}])), EndFrame()]
        )
        await runner.run()
        assert [each.value.prompt_tokens for each in meter.found] == server.session.usage
        assert meter.found[0].value.output_audio_tokens == 40


async def test_lore_of_a_turn_is_told_before_it_and_taken_back_after_it():
    lore = [{"keys": ["kraken"], "content": "The kraken sleeps off Skye.", "name": "Kraken"}]
    async with realtime_server() as server, talking(server, lore=lore) as one:
        server.hears = ["Where is the kraken?"]
        await one.say(question(), silence_secs=1.5)
        await said_at_last(one, "wide today.")
        session = server.session
        notes = " ".join(told(session, "system"))
        instructions = " ".join(e["session"]["instructions"] for e in session.of("session.update"))
        assert "The kraken sleeps off Skye." in notes + instructions
        await eventually(lambda: "system" not in [role for role, _words in session.said])
        assert server.errors == []


async def test_a_published_change_reaches_the_vendor_with_the_next_turn():
    async with realtime_server() as server, talking(server) as one:
        spec = one.pipeline.state.spec
        await one.pipeline.announce(replace(spec, description="A captain who lost his ship.", version=2))
        await one.type("Who are you?")
        await said_at_last(one, "wide today.")
        assert "lost his ship" in server.session.of("session.update")[-1]["session"]["instructions"]
        assert len(server.sessions) == 1
        changed = replace(spec, voice="cedar")
        assert not one.pipeline.can_apply(changed), "a voice needs a new session, which is told the past"


async def test_a_written_answer_has_no_sound():
    async with realtime_server() as server, talking(server) as one:
        before = len(one.audible_at)
        await one.type("Write it down.", audio_response=False)
        await said_at_last(one, "wide today.")
        assert server.session.of("response.create")[-1]["response"]["output_modalities"] == ["text"]
        assert len(one.audible_at) == before
        assert server.errors == []


async def test_memories_and_summaries_are_asked_for_apart_and_counted_as_such():
    meter, schema = Meter(), {"type": "object", "properties": {"facts": {"type": "array"}}}
    async with realtime_server() as server, talking(server) as one:
        mind = one.pipeline._llm
        server.on_answer = lambda _session, wish: (
            "say",
            '{"facts": []}' if "JSON" in wish["instructions"] else "So.",
        )
        before = server.session.said
        with counting(meter, "memory"):
            assert await JSONAnswers(mind)("What is known?", "I am Robin.", schema) == '{"facts": []}'
            assert (
                await infer(mind, LLMContext([{"role": "user", "content": "All."}]), 160, "Sum up.") == "So."
            )
        wishes = [event["response"] for event in server.session.of("response.create")[-2:]]
        assert {wish["conversation"] for wish in wishes} == {"none"}
        assert {tuple(wish["output_modalities"]) for wish in wishes} == {("text",)}
        assert '"facts"' in wishes[0]["instructions"]
        assert server.session.said == before, "it is no part of the conversation"
    (row,) = meter.rows()
    assert (row["source"], row["stage"], row["calls"]) == ("memory", "llm", 2)
    assert not row.get("estimated")
    assert server.errors == []
