"""Acting: what a character does besides speaking, in one connection's pipeline: its tools."""

from voicebot.pipeline.acting.actor import Actor
from voicebot.pipeline.acting.callers import answers_last, calls_functions, without_calls

__all__ = ["Actor", "answers_last", "calls_functions", "without_calls"]
