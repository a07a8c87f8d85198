"""What a connection is doing, frame by frame, in the orders that a recorded pipeline run sends them."""

import asyncio
from types import SimpleNamespace

import pytest
from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    ErrorFrame,
    InterruptionFrame,
    LLMAssistantPushAggregationFrame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import FramePushed
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.openai.llm import OpenAILLMService

from voicebot.pipeline.activity import TRANSITIONS, Activity, Event, State, state_of
from voicebot.pipeline.activity_observer import ActivityObserver
from voicebot.pipeline.replies.sentence_limit import SentenceLimit
from voicebot.pipeline.replies.unprompted_turn import unprompted
from voicebot.transport import SocketLine
from voicebot.transport.channels import ChannelsTransport

LISTENING, HEARING, TRANSCRIBING, THINKING, SPEAKING, ENDING = State


async def nobody(*_: object) -> None:
    pass


async def no_socket(_: bytes) -> None:
    pass


LIMIT, CONTEXT = SentenceLimit(3), LLMContext()
OUTPUT = ChannelsTransport(SocketLine(no_socket)).output()
ASSISTANT = LLMAssistantAggregator(CONTEXT)
ELSEWHERE = SimpleNamespace()


def text(*, spoken: bool = True) -> AggregatedTextFrame:
    frame = AggregatedTextFrame("Yes.", "sentence")
    frame.skip_tts = not spoken
    return frame


VAD_ON, VAD_OFF = VADUserStartedSpeakingFrame(), VADUserStoppedSpeakingFrame()
TURN_ON, TURN_OFF = UserStartedSpeakingFrame(), UserStoppedSpeakingFrame()
BOT_ON, BOT_OFF = BotStartedSpeakingFrame(), BotStoppedSpeakingFrame()
CUT, ASKED = InterruptionFrame(), LLMContextFrame(CONTEXT)
WORDS = TranscriptionFrame("hello", "visitor", "now")
APPENDED = LLMMessagesAppendFrame([])
BEGUN, ENDED = LLMFullResponseStartFrame(), LLMFullResponseEndFrame()
UNTOLD = "context frame of the assistant's aggregator"
TYPED, TYPED_FOR_TEXT, NOTE = Event.TYPED, Event.TYPED_FOR_TEXT, Event.NOTICED
# The end of a reply as the output transport passes it on, behind all of its sound.
OVER = "end of the reply at the output"
SAID = "end of a speech outside of replies at the output"
SPOKEN = [BOT_ON, BOT_OFF, OVER, UNTOLD]
VISITOR_ENDS = [ASKED, TURN_OFF]  # the model is asked first, then the turn is said to be over


def see(frame: object) -> FramePushed:
    """One push of a frame, as the pipeline's observers are told of it."""
    source, direction, first = ELSEWHERE, FrameDirection.DOWNSTREAM, True
    if isinstance(frame, AggregatedTextFrame):
        source = LIMIT
    elif frame == OVER:
        frame, source, first = ENDED, OUTPUT, False
    elif frame == SAID:
        frame, source, first = LLMAssistantPushAggregationFrame(), OUTPUT, False
    elif frame == UNTOLD:
        frame, source = LLMContextFrame(CONTEXT), ASSISTANT
    return FramePushed(source, ELSEWHERE, frame, direction, 0, first)  # type: ignore[arg-type]


async def states(*frames: object) -> list[State]:
    """The states that a connection goes through."""
    activity = Activity()
    observer = ActivityObserver(activity, nobody, nobody)
    passed = [activity.state]
    for frame in frames:
        if isinstance(frame, Event):
            activity.on(frame)
        else:
            await observer.on_push_frame(see(frame))
        if activity.state is not passed[-1]:
            passed.append(activity.state)
    return passed


@pytest.mark.parametrize(
    ("order", "passed"),
    [
        pytest.param(
            [TTSSpeakFrame("Ahoy"), BOT_ON, SAID, UNTOLD, BOT_OFF],
            [LISTENING, THINKING, SPEAKING, LISTENING],
            id="greeting",
        ),
        pytest.param(
            [VAD_ON, TURN_ON, CUT, VAD_OFF, WORDS, *VISITOR_ENDS, BEGUN, ENDED, text(), *SPOKEN],
            [LISTENING, HEARING, TRANSCRIBING, THINKING, SPEAKING, THINKING, LISTENING],
            id="a question and its answer",
        ),
        pytest.param(
            [VAD_ON, TURN_ON, CUT, VAD_OFF, VAD_ON, VAD_OFF, *VISITOR_ENDS],
            [LISTENING, HEARING, TRANSCRIBING, HEARING, TRANSCRIBING, THINKING],
            id="a pause for breath",
        ),
        pytest.param(
            [ASKED, BEGUN, ENDED, text(), BOT_ON, VAD_ON, TURN_ON, CUT, BOT_OFF],
            [LISTENING, THINKING, SPEAKING, HEARING],
            id="barge-in: the voice ends after the visitor's turn has begun",
        ),
        pytest.param(
            [VAD_ON, TURN_ON, CUT, VAD_OFF, TURN_OFF],
            [LISTENING, HEARING, TRANSCRIBING, LISTENING],
            id="a cough",
        ),
        pytest.param(
            [ASKED, BEGUN, TURN_ON, CUT, VAD_OFF, TURN_OFF],
            [LISTENING, THINKING, HEARING, TRANSCRIBING, LISTENING],
            id="a cough that takes the answer away",
        ),
        pytest.param(
            [TYPED, CUT, APPENDED, ASKED, BEGUN, ENDED, text(), *SPOKEN],
            [LISTENING, TRANSCRIBING, LISTENING, THINKING, SPEAKING, THINKING, LISTENING],
            id="typed",
        ),
        pytest.param(
            [ASKED, BEGUN, text(), BOT_ON, TYPED, CUT, BOT_OFF, APPENDED, ASKED],
            [LISTENING, THINKING, SPEAKING, TRANSCRIBING, LISTENING, THINKING],
            id="typed into a reply",
        ),
        pytest.param([NOTE, APPENDED], [LISTENING], id="run_immediately=false"),
        pytest.param(
            [ASKED, text(), BOT_ON, NOTE, APPENDED, BOT_OFF, OVER],
            [LISTENING, THINKING, SPEAKING, THINKING, LISTENING],
            id="run_immediately=false during a reply",
        ),
        pytest.param(
            [TYPED_FOR_TEXT, CUT, APPENDED, ASKED, BEGUN, ENDED, text(spoken=False), OVER],
            [LISTENING, TRANSCRIBING, LISTENING, THINKING, LISTENING],
            id="audio_response=false",
        ),
        pytest.param(
            [ASKED, BEGUN, ENDED, text(spoken=False), OVER],
            [LISTENING, THINKING, LISTENING],
            id="nothing but a stage direction",
        ),
        pytest.param(
            [ASKED, BEGUN, text(), BOT_ON, BOT_OFF, ENDED, text(), BOT_ON, BOT_OFF, OVER],
            [LISTENING, THINKING, SPEAKING, THINKING, SPEAKING, THINKING, LISTENING],
            id="a model that stops to think between two sentences",
        ),
        pytest.param(
            [ASKED, BEGUN, text(), BOT_ON, CUT, BOT_OFF],
            [LISTENING, THINKING, SPEAKING, LISTENING],
            id="character.interrupt",
        ),
        pytest.param([TURN_ON, CancelFrame(), BOT_OFF], [LISTENING, HEARING, ENDING], id="the end"),
    ],
)
async def test_each_order_that_pipecat_sends(order, passed):
    assert await states(*order) == passed


async def test_a_typed_word_while_the_visitor_speaks_does_not_end_their_turn():
    assert (await states(TURN_ON, TYPED, CUT, APPENDED, ASKED, text(), BOT_ON, BOT_OFF, OVER))[-1] is HEARING


async def test_only_what_is_asked_for_aloud_is_awaited():
    async def awaited(*frames: object) -> bool:
        activity = Activity()
        observer = ActivityObserver(activity, nobody, nobody)
        for frame in frames:
            if isinstance(frame, Event):
                activity.on(frame)
            else:
                await observer.on_push_frame(see(frame))
        return activity.awaited

    error = ErrorFrame("gone", processor=OpenAILLMService.__new__(OpenAILLMService))
    assert await awaited(ASKED)
    assert await awaited(TTSSpeakFrame("Ahoy")), "a greeting, too"
    assert await awaited(ASKED, BEGUN, text(), BOT_ON, BOT_OFF), "the rest of a reply"
    assert await awaited(ASKED, BEGUN, ENDED, OVER), "an empty reply is none"
    assert await awaited(ASKED, error)
    assert not await awaited(unprompted(CONTEXT, "(Go on.)"))
    assert not await awaited(TYPED_FOR_TEXT, CUT, APPENDED, ASKED)
    assert not await awaited(ASKED, CUT)
    assert not await awaited(ASKED, text(spoken=False), OVER)
    assert not await awaited(ASKED, text(), BOT_ON, BOT_OFF, OVER)
    assert not await awaited(unprompted(CONTEXT, "(Go on.)"), error)


def test_every_event_is_in_the_table_and_every_state_is_reached():
    assert set(TRANSITIONS) == set(Event)
    assert {state_of(comes) for comes, _ in TRANSITIONS.values()} >= {
        LISTENING,
        HEARING,
        TRANSCRIBING,
        THINKING,
        SPEAKING,
        ENDING,
    }


# --- waiting ---


class Ticks:
    """Monotonic seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_who_waits_for_quiet_waits_through_everything_that_goes_on():
    ticks = Ticks()
    activity = Activity(ticks)
    waiting = asyncio.create_task(activity.until_quiet(30))

    async def on(event: Event, now: float) -> bool:
        ticks.now = now
        activity.on(event)
        for _ in range(5):
            await asyncio.sleep(0)
        return waiting.done()

    assert not await on(Event.ASKED, 29)
    assert not await on(Event.VOICE_STARTED, 80)
    assert not await on(Event.INTERRUPTED, 200)
    assert not await on(Event.NOTICED, 229)
    ticks.now = 258.999
    activity.on(Event.ENDED)
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    assert ticks.now < 260


async def test_who_waits_for_both_to_be_silent_is_told_at_once_and_not_before():
    activity = Activity()
    assert await activity.until_settled(0)
    activity.on(Event.TURN_STARTED)
    assert not await activity.until_settled(0.01)
    waiting = asyncio.create_task(activity.until_settled())
    for event in (Event.VOICE_STOPPED, Event.SPEECH_STOPPED):
        activity.on(event)
        await asyncio.sleep(0)
        assert not waiting.done()
    activity.on(Event.TURN_STOPPED)
    assert await asyncio.wait_for(waiting, 1)
