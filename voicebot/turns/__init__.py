"""When somebody speaks and when they have finished: voice activity, Smart Turn, and a budget for both."""

from voicebot.turns.guesses import Answers, Guesses
from voicebot.turns.inference_budget import InferenceBudget
from voicebot.turns.smart_turn import smart_turn_session
from voicebot.turns.start_strategy import Voice
from voicebot.turns.stop_strategy import TurnStop
from voicebot.turns.turns import Turns
from voicebot.turns.vad import SharedSilero, silero_session

__all__ = ["Answers", "Guesses", "InferenceBudget", "SharedSilero", "TurnStop", "Turns", "Voice", "warm"]


def warm() -> None:
    """Loads both models."""
    silero_session()
    smart_turn_session()
