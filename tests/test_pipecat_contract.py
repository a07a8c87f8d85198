"""What we rely on in Pipecat's inside is as it was: each name, with its parameters.

An upgrade that changes one of them fails here. What calls what, and when, is in the files beside it, what
each is for stands in docs/extending.md.
"""

import ast
import importlib
import inspect
import re
from importlib import metadata
from pathlib import Path

import pipecat
import pytest
from pipecat.frames.protobufs import frames_pb2

from tests.private_names import ROOT, as_it_is, inherited, lines_of, name_in, reached, sources

PINNED = "1.14.0"
DOOR = "voicebot/pipecat_internals"

# By module and class: the underscored names that the door's package touches. A name alone is an attribute
# that the class sets; a method has its parameters, with `=` where one may be left out.
PRIVATE = """
pipecat.audio.turn.smart_turn.base_smart_turn.BaseSmartTurn
    _audio_buffer
    _process_speech_segment(self, audio_buffer)
pipecat.audio.turn.smart_turn.local_smart_turn_v3.LocalSmartTurnAnalyzerV3
    _log_data
    _session
pipecat.audio.vad.silero.SileroVADAnalyzer
    _low_confidence_windows
    _maybe_reset_model(self, confidence)
    _model
    _windows_since_reset
pipecat.audio.vad.vad_analyzer.VADAnalyzer
    _get_smoothed_volume(self, audio)
    _prev_volume
    _run_analyzer(self, buffer)
    _smoothing_factor
    _vad_stopping_count
pipecat.pipeline.worker.PipelineWorker
    _observer
pipecat.pipeline.worker_observer.WorkerObserver
    _frames_pushed
pipecat.processors.aggregators.llm_response_universal.LLMAssistantAggregator
    async _trigger_assistant_turn_started(self)
    async _trigger_assistant_turn_stopped(self, *, interrupted=)
pipecat.processors.aggregators.llm_response_universal.LLMContextAggregator
    _aggregation
pipecat.processors.aggregators.llm_response_universal.LLMContextAggregatorPair
    _assistant
    _user
pipecat.processors.frameworks.rtvi.processor.RTVIProcessor
    async _handle_client_message(self, msg_id, data)
    async _handle_message(self, message, user_id=)
    async _handle_send_text(self, data, message_id, user_id=)
    async _send_error_frame(self, frame)
    async _send_error_response(self, id, error)
pipecat.services.llm_service.LLMService
    async _push_llm_text(self, text)
pipecat.services.stt_service.SegmentedSTTService
    _audio_buffer
    async _handle_user_started_speaking(self, frame)
    async _handle_user_stopped_speaking(self, frame)
    _segment_queue
    _user_speaking
pipecat.services.tts_service.TTSService
    _aggregated_frame_sequencer
    async _apply_force_complete(self, context_id)
    _audio_context_manager
    _is_yielding_frames_synchronously
    _max_consecutive_zero_audio_contexts
    async _push_spoken_text(self, src_frame, text, context_id, append_to_context)
    _push_text_frames
    async _push_word_frames(self, frames)
    async _record_context_audio_outcome(self, context_id, received_audio)
    _refresh_audio_context(self, context_id)
    async _speak_text(self, src_frame, text, context_id)
    async _synthesize_text(self, text, context_id)
    _tts_contexts
    _turn_context_id
    async _update_settings(self, delta)
    _word_timestamp_tracker
pipecat.transports.base_output.BaseOutputTransport
    _media_senders
pipecat.turns.user_stop.turn_analyzer_user_turn_stop_strategy.TurnAnalyzerUserTurnStopStrategy
    async _discard_pending_end_of_turn(self)
    async _handle_transcription(self, frame)
    async _handle_vad_user_stopped_speaking(self, frame)
    async _maybe_trigger_user_turn_stopped(self)
    _text
    _transcript_finalized
    _turn_complete
    _vad_stopped
    _vad_user_speaking
pipecat.utils.base_object.BaseObject
    async _call_event_handler(self, event_name, *args, **kwargs)
    _register_event_handler(self, event_name, sync=)
"""

# What has a public name, and whose being called at all, or with these parameters, nobody has promised.
UNDOCUMENTED = """
pipecat.audio.vad.vad_analyzer.VADAnalyzer
    async analyze_audio(self, buffer)
    voice_confidence(self, buffer)
pipecat.audio.turn.smart_turn.base_smart_turn.BaseSmartTurn
    async analyze_end_of_turn(self)
    append_audio(self, buffer, is_speech)
    clear(self)
pipecat.pipeline.service_switcher.ServiceSwitcherStrategyManual
    async handle_frame(self, frame, direction)
pipecat.pipeline.service_switcher.ServiceSwitcherStrategyFailover
    async handle_error(self, error)
pipecat.pipeline.worker.PipelineWorker
    async flush_pipeline(self, timeout=)
pipecat.pipeline.worker_observer.WorkerObserver
    async on_process_frame(self, data)
    async on_push_frame(self, data)
pipecat.processors.aggregators.llm_response_universal.LLMContextAggregator
    aggregation_string(self)
pipecat.processors.frame_processor.FrameProcessor
    async broadcast_frame(self, frame_cls, **kwargs)
    async queue_frame(self, frame, direction=, callback=)
    async push_frame(self, frame, direction=)
pipecat.processors.frameworks.rtvi.processor.RTVIProcessor
    async handle_message(self, message, user_id=)
    async push_transport_message(self, model, exclude_none=)
    async send_server_response(self, client_msg, data)
    async set_bot_ready(self, about=)
pipecat.services.ai_service.AIService
    async process_generator(self, generator)
pipecat.services.openai.base_llm.BaseOpenAILLMService
    build_chat_completion_params(self, params_from_context)
    create_client(self, api_key=, base_url=, organization=, project=, default_headers=, **kwargs)
    async get_chat_completions(self, context)
    async run_inference(self, context, max_tokens=, system_instruction=, response_schema=)
pipecat.services.stt_service.SegmentedSTTService
    async process_audio_frame(self, frame, direction)
pipecat.services.tts_service.TTSService
    async append_to_audio_context(self, context_id, frame)
    audio_context_available(self, context_id)
    get_audio_contexts(self)
    async tts_process_generator(self, context_id, generator)
pipecat.transports.base_input.BaseInputTransport
    async set_transport_ready(self, frame)
pipecat.transports.base_output.BaseOutputTransport
    async write_audio_frame(self, frame)
pipecat.turns.speculation_gate.SpeculationGate
    begin_speculation(self, speculation)
    process(self, frame, direction)
"""


def test_the_version_is_the_one_that_this_was_written_for():
    assert metadata.version("pipecat-ai") == PINNED
    assert re.search(rf'"pipecat-ai\[?[^"]*=={re.escape(PINNED)}"', (ROOT / "pyproject.toml").read_text())


# Of objects that are not ours.
OF_OTHERS = {"_buffered_audio_bytes", "_client", "_observers", "_speculation_gate"}


def test_each_private_name_that_is_touched_is_there_as_it_was():
    touches = {touch for path, module in sources(DOOR) for touch in inherited(path, module, ("voicebot.",))}
    found = {(touch.owner, as_it_is(touch.owner, touch.name)) for touch in touches}
    assert sorted(found) == sorted(lines_of(PRIVATE))


def test_the_docs_say_why_each_is_needed():
    said = (ROOT / "docs/extending.md").read_text()
    names = {name_in(line) for _, line in lines_of(PRIVATE)} | OF_OTHERS
    counters = {"_low_confidence_windows", "_windows_since_reset"}  # "its two counters"
    assert {name for name in names - counters if f"`{name}`" not in said} == set()


def test_no_other_object_is_reached_into():
    assert {touch.name for path, _ in sources(DOOR) for touch in reached(path)} == OF_OTHERS


@pytest.mark.parametrize(("owner", "line"), lines_of(UNDOCUMENTED))
def test_a_public_name_that_is_relied_on_is_as_it_was(owner, line):
    assert as_it_is(owner, name_in(line)) == line


def hooks() -> set[str]:
    """The public names that the door's classes have and Pipecat's do not."""
    found = set()
    for path, module in sources(DOOR):
        for node in ast.parse((ROOT / path).read_text()).body:
            if isinstance(node, ast.ClassDef):
                found |= set(vars(getattr(importlib.import_module(module), node.name)))
    overridden = {name_in(line) for _, line in lines_of(UNDOCUMENTED)}
    silero = {"reset_states"}  # which the model that is handed in has, too
    return {name for name in found - overridden - silero if not name.startswith("_")}


def test_no_hook_has_a_name_that_pipecat_or_one_of_its_services_has():
    """Hooks go before any of Pipecat's services: what has the name of a hook would be called as one."""
    names = hooks()
    assert len(names) > 40
    taken = re.compile(rf"(?:def |self\.)({'|'.join(sorted(names))})\b(?: = |\()")
    files = [file for file in Path(pipecat.__file__).parent.rglob("*.py") if "tests" not in file.parts]
    assert {name for file in files for name in taken.findall(file.read_text())} == set()


def test_an_interruption_begins_with_the_byte_by_which_the_page_knows_it():
    """`wire.ts` reads it before the client's serializer, which does not know the frame."""
    message = frames_pb2.Frame()
    message.interruption.SetInParent()
    assert message.SerializeToString()[0] == 0x2A
    assert "0x2a" in (ROOT / "voicebot/client/src/wire.ts").read_text()


def test_a_transport_that_is_not_said_to_be_ready_lacks_the_task_for_audio_alone():
    """We do not say so: our audio goes straight on."""
    module = importlib.import_module("pipecat.transports.base_input")
    source = inspect.getsource(module.BaseInputTransport.set_transport_ready)
    assert re.findall(r"self\.(\w+)\(", source) == ["_create_audio_task"]
