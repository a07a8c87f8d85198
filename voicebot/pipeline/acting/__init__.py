"""Acting: what a character does besides speaking, in one connection's pipeline: its tools."""

from voicebot.pipeline.acting.actor import Actor
from voicebot.pipeline.acting.calls_read import answers_last, without_calls

__all__ = ["Actor", "answers_last", "without_calls"]
