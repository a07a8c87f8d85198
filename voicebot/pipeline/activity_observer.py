"""Activity observer: tells a connection's activity from frames, notes latencies of replies, and errors."""

from collections import Counter, deque
from collections.abc import Awaitable, Callable
from statistics import median

from pipecat.frames.frames import (
    AggregatedTextFrame,
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    FunctionCallResultFrame,
    FunctionCallsStartedFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    LLMContextFrame,
    LLMMessagesAppendFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
    UserSpeakingFrame,
    UserStartedSpeakingFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.processors.aggregators.llm_response_universal import LLMAssistantAggregator
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_output import BaseOutputTransport

from sessions_app.costs import Meter
from voicebot.pipeline.activity import Activity, Event
from voicebot.pipeline.latency import Stopwatch, Timing
from voicebot.pipeline.replies.sentence_limit import SentenceLimit
from voicebot.pipeline.replies.unprompted_turn import UnpromptedTurnFrame
from voicebot.pipeline.worker import ENDS
from voicebot.usage import UsageWatch

EVENTS: dict[type[Frame], Event] = {
    UserStartedSpeakingFrame: Event.TURN_STARTED,
    UserStoppedSpeakingFrame: Event.TURN_STOPPED,
    VADUserStartedSpeakingFrame: Event.SPEECH_STARTED,
    VADUserStoppedSpeakingFrame: Event.SPEECH_STOPPED,
    LLMMessagesAppendFrame: Event.TYPED_IN,
    UnpromptedTurnFrame: Event.SPOKE_UP,
    TTSSpeakFrame: Event.SAYING,
    FunctionCallsStartedFrame: Event.CALLED,
    BotStartedSpeakingFrame: Event.VOICE_STARTED,
    BotStoppedSpeakingFrame: Event.VOICE_STOPPED,
    InterruptionFrame: Event.INTERRUPTED,
    InterimTranscriptionFrame: Event.NOTICED,
    TranscriptionFrame: Event.NOTICED,
    UserSpeakingFrame: Event.NOTICED,
    EndFrame: Event.ENDED,
    CancelFrame: Event.ENDED,
}


def event_of(data: FramePushed) -> Event | None:
    """What a push of a frame means for the activity, if anything."""
    frame, source = data.frame, data.source
    if isinstance(frame, AggregatedTextFrame):
        if not isinstance(source, SentenceLimit):
            return None
        return Event.READABLE if frame.skip_tts else Event.SPEECH_DUE
    if isinstance(frame, ENDS):
        return Event.REPLY_OVER if isinstance(source, BaseOutputTransport) else None
    if not data.first_push:
        return None
    if type(frame) is LLMContextFrame:
        # The assistant's aggregator sends one down to nobody, when a reply is part of the conversation.
        # One that is speculative is asked when the turn is over: see `AnswersAhead.confirmed`.
        down = data.direction is FrameDirection.DOWNSTREAM
        own = down and isinstance(source, LLMAssistantAggregator)
        return None if own or frame.speculation else Event.ASKED
    if isinstance(frame, FunctionCallResultFrame):
        silent = frame.properties is not None and frame.properties.run_llm is False
        return Event.CALLS_OVER if silent else None
    if isinstance(frame, ErrorFrame):
        return Event.FAILED if stage_of(frame) == "llm" else None
    return EVENTS.get(type(frame))


def stage_of(frame: ErrorFrame) -> str:
    """Which stage reported an error: stt, llm, tts or pipeline."""
    for kind, stage in ((STTService, "stt"), (LLMService, "llm"), (TTSService, "tts")):
        if isinstance(frame.processor, kind):
            return stage
    return "pipeline"


class ActivityObserver(BaseObserver):
    """The one observer that feeds `activity`, and the `meter` of what is used."""

    def __init__(
        self,
        activity: Activity,
        on_reply: Callable[[Timing], Awaitable[None]],
        on_trouble: Callable[[str], Awaitable[None]],
        meter: Meter | None = None,
    ) -> None:
        super().__init__()
        self.activity = activity
        self._on_reply = on_reply
        self._on_trouble = on_trouble
        self._usage = UsageWatch(meter or Meter())
        self.errors: Counter[str] = Counter()  # by stage
        self._stopwatch = Stopwatch()
        self._latency_ms: int | None = None  # of the reply that is being spoken
        self._latencies: deque[float] = deque(maxlen=100)

    async def on_push_frame(self, data: FramePushed) -> None:
        if (event := event_of(data)) is not None:
            self.activity.on(event)
        if not data.first_push:
            return
        self._usage.see(data)
        frame = data.frame
        if (timing := self._stopwatch.see(frame)) is not None:
            self._latencies.append(timing.total)
            self._latency_ms = timing.total_ms
            await self._on_reply(timing)
        if isinstance(frame, ErrorFrame):
            stage = stage_of(frame)
            self.errors[stage] += 1
            await self._on_trouble(stage)

    def take_latency_ms(self) -> int | None:
        """How long the reply that has just ended took to begin, once; None if nobody had asked by voice."""
        taken, self._latency_ms = self._latency_ms, None
        return taken

    @property
    def latency_ms(self) -> int | None:
        """The median from the end of a question to the first sound of its reply, None without one."""
        return round(median(self._latencies) * 1000) if self._latencies else None
