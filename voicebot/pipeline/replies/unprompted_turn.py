"""Unprompted turn: a character's turn that nobody asked for, after a silence, or where a noise cut it off."""

from dataclasses import dataclass
from typing import cast

from pipecat.frames.frames import LLMContextFrame
from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage

RESUME_REPLY = "(A noise cut you off. Briefly go on from where you stopped, and repeat nothing.)"


@dataclass
class UnpromptedTurnFrame(LLMContextFrame):
    """LLMContextFrame whose last message is nobody's word, and is not remembered."""


def unprompted(context: LLMContext, request: str) -> UnpromptedTurnFrame:
    """The conversation so far, with a `request` to the character for this turn only."""
    message = cast(LLMContextMessage, {"role": "user", "content": request})
    return UnpromptedTurnFrame(LLMContext([*context.get_messages(), message], tools=context.tools))
