"""What Pipecat's pipeline, transport and RTVI call when: an upgrade with another order fails here."""

from typing import Any

from pipecat.frames.frames import (
    BotSpeakingFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InputTransportMessageFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    TTSAudioRawFrame,
    TTSTextFrame,
    UserSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FrameProcessed, FramePushed
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMUserAggregatorParams
from pipecat.processors.filters.identity_filter import IdentityFilter
from pipecat.processors.frameworks.rtvi import RTVIObserver, models
from pipecat.tests.utils import SleepFrame, run_test
from pipecat.transports.base_transport import TransportParams
from pipecat.utils.text.base_text_aggregator import TextType
from pipecat.workers.runner import WorkerRunner

from voicebot.pipecat_internals.assistant_turns import AggregatorPair, AssistantTurns, VisitorTurns
from voicebot.pipecat_internals.observers import FilteringWorker, FrameFilter
from voicebot.pipecat_internals.output import OutputHooks
from voicebot.pipecat_internals.processors import FrameEnd, OwnEvents
from voicebot.pipecat_internals.rtvi import RTVIHooks

RATE_HZ = 16_000


class Sees(BaseObserver):
    observe_every_push = True

    def __init__(self) -> None:
        super().__init__()
        self.pushed: list[Frame] = []
        self.processed: list[Frame] = []

    async def on_push_frame(self, data: FramePushed) -> None:
        self.pushed.append(data.frame)

    async def on_process_frame(self, data: FrameProcessed) -> None:
        self.processed.append(data.frame)


class NoText(FrameFilter):
    """Passes on all but text; `asked` has the kind of each frame that is pushed, and whether it is again."""

    asked: list[tuple[type[Frame], bool]]

    def reads(self, data: FramePushed, again: bool) -> bool:
        type(self).asked.append((type(data.frame), again))
        return not isinstance(data.frame, LLMTextFrame)


class NoTextWorker(FilteringWorker):
    frame_filter = NoText


async def test_observers_are_told_what_the_filter_passes_on_and_nothing_of_what_is_processed():
    NoText.asked = []
    observer = Sees()
    worker = NoTextWorker(
        Pipeline([IdentityFilter(), IdentityFilter()]), observers=[observer], idle_timeout_secs=None
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await worker.queue_frames([LLMTextFrame("Hello."), LLMFullResponseStartFrame()])
    await worker.stop_when_done()
    await runner.run()
    starts = [again for kind, again in NoText.asked if kind is LLMFullResponseStartFrame]
    assert starts[0] is False
    assert len(starts) > 2
    assert all(starts[1:]), "the first push of a frame is told from those that follow"
    texts = [again for kind, again in NoText.asked if kind is LLMTextFrame]
    assert not any(texts), "what was not passed on is new"
    assert any(isinstance(frame, LLMFullResponseStartFrame) for frame in observer.pushed)
    assert not any(isinstance(frame, LLMTextFrame) for frame in observer.pushed)
    assert observer.processed == []


def test_rtvis_observer_is_behind_the_filter_too():
    worker = NoTextWorker(Pipeline([IdentityFilter()]), observers=[Sees()], idle_timeout_secs=None)
    kinds = [type(observer) for observer in worker._observer._observers]
    assert RTVIObserver in kinds
    assert Sees in kinds


class Turns(AssistantTurns):
    cut_off = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: list[str] = []

    def on_turn_began(self) -> None:
        self.calls.append("began")

    def was_cut_off(self) -> bool:
        self.calls.append("ended")
        return self.cut_off


async def test_a_turn_of_the_assistant_begins_and_is_asked_about_before_it_is_told():
    pair = AggregatorPair(
        LLMContext(), user_params=LLMUserAggregatorParams(), user=VisitorTurns, assistant=Turns
    )
    _user, assistant = pair
    assert assistant is pair.assistant()
    assert isinstance(assistant, Turns)
    assistant.cut_off = True

    @assistant.event_handler("on_assistant_turn_stopped")
    async def stopped(_aggregator: Any, message: Any) -> None:
        assistant.calls.append(f"told {message.content} {message.interrupted}")

    words = TTSTextFrame("Hello.", TextType.SENTENCE)
    reply = [LLMFullResponseStartFrame(), words, LLMFullResponseEndFrame(), SleepFrame(0.05)]
    await run_test(assistant, frames_to_send=reply)
    assert assistant.calls[:3] == ["began", "ended", "told Hello. True"]


class Rtvi(RTVIHooks):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.out: list[dict[str, Any]] = []
        self.declare_event("on_taken", awaited=True)

    async def take_message(self, message: models.Message, user_id: str | None) -> None:
        self.calls.append(f"message {message.type}")
        await super().take_message(message, user_id)

    async def take_text(self, data: models.SendTextData, message_id: str, user_id: str | None) -> None:
        self.calls.append(f"text {data.content}")
        await super().take_text(data, message_id, user_id)

    async def take_client_message(self, message_id: str, data: models.RawClientMessageData) -> None:
        self.calls.append(f"client message {data.t}")
        await self.emit("on_taken", data.t)
        self.calls.append("taken")

    async def send_out(self, frame: Frame) -> None:
        self.out.append(frame.message)

    def shown_error(self, frame: ErrorFrame) -> ErrorFrame:
        return ErrorFrame(error=f"shown: {frame.error}")

    def shown_refusal(self, text: str) -> str:
        return f"shown: {text.split(':', maxsplit=1)[0]}"


def message(kind: str, data: Any = None) -> InputTransportMessageFrame:
    return InputTransportMessageFrame({"label": "rtvi-ai", "id": "7", "type": kind, "data": data})


async def test_messages_are_taken_in_their_order_and_all_answers_go_out_by_one_way():
    rtvi = Rtvi()

    @rtvi.event_handler("on_taken")
    async def taken(_rtvi: Rtvi, kind: str) -> None:
        rtvi.calls.append(f"handled {kind}")

    typed = message("send-text", {"content": "Hello.", "options": {"run_immediately": False}})
    frames = [message("client-message", {"t": "ping"}), typed, message("strange"), message("send-text", {})]
    error = ErrorFrame(error="broken")
    down, _ = await run_test(rtvi, frames_to_send=[*frames, error, SleepFrame(0.1)])
    assert rtvi.calls == [
        "message client-message",
        "client message ping",
        "handled ping",
        "taken",
        "message send-text",
        "text Hello.",
        "message strange",
        "message send-text",
    ]
    refusals = [each["data"]["error"] for each in rtvi.out if each["type"] == "error-response"]
    assert refusals == ["shown: Unsupported type strange", "shown: Invalid message"]
    assert [each["data"]["error"] for each in rtvi.out if each["type"] == "error"] == ["shown: broken"]
    assert error in down, "others are told what it was"
    await rtvi.refuse_message("8", "No")
    await rtvi.send_server_message({"type": "session"})
    assert [each["type"] for each in rtvi.out[-2:]] == ["error-response", "server-message"]
    assert rtvi.out[-2]["id"] == "8"


class Quiet(FrameEnd):
    async def process_frame(self, frame: Frame, direction: Any) -> None:
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)

    def ends_here(self, frame: Frame) -> bool:
        return isinstance(frame, (InputAudioRawFrame, UserSpeakingFrame))


async def test_every_frame_is_queued_before_it_is_processed():
    frames = [InputAudioRawFrame(b"", RATE_HZ, 1), LLMTextFrame("Hello."), UserSpeakingFrame()]
    down, _ = await run_test(Quiet(), frames_to_send=frames)
    assert [type(frame) for frame in down] == [LLMTextFrame]


class Output(OutputHooks):
    def __init__(self) -> None:
        super().__init__(TransportParams(audio_out_enabled=True, audio_out_sample_rate=RATE_HZ))
        self.told: list[type[Frame]] = []

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        return True

    def tells(self, kind: type[Frame]) -> bool:
        self.told.append(kind)
        return False


async def test_that_the_bot_speaks_is_broadcast_and_can_be_kept():
    output = Output()
    down, up = await run_test(
        output, frames_to_send=[TTSAudioRawFrame(bytes(RATE_HZ), RATE_HZ, 1), SleepFrame(0.2)]
    )
    assert BotSpeakingFrame in output.told
    assert not any(isinstance(frame, BotSpeakingFrame) for frame in (*down, *up))


async def test_an_event_that_is_not_awaited_calls_its_handlers_soon():
    class Told(OwnEvents):
        pass

    told, calls = Told(), []
    told.declare_event("on_word")

    @told.event_handler("on_word")
    async def word(sender: Told, text: str) -> None:
        calls.append((sender, text))

    await told.emit("on_word", "Hello.")
    assert calls == []
    await told.cleanup()
    assert calls == [(told, "Hello.")]
