"""One connection's Pipecat pipeline: what is fixed for it, what changes, replies, RTVI, activity, latency."""

from voicebot.pipeline.activity import Event
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.prompting import compile_lore
from voicebot.pipeline.session_context import SessionContext
from voicebot.pipeline.session_pipeline import VoicePipeline

__all__ = ["ConversationState", "Event", "SessionContext", "VoicePipeline", "compile_lore"]
