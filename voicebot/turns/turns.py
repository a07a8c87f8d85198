"""Turns of one visitor: the strategies that begin and end them, which know of one another."""

from collections.abc import Callable, Iterable

from pipecat.turns.user_turn_strategies import UserTurnStrategies

from voicebot.providers import BoundedSegments
from voicebot.turns.guesses import Answers
from voicebot.turns.inference_budget import InferenceBudget
from voicebot.turns.start_strategy import TurnStart, Voice
from voicebot.turns.stop_strategy import TurnStop


class Turns:
    """What begins and ends the turns of one connection. `segmented` as of `TurnStop`."""

    def __init__(self, sound_secs: Callable[[], float], *, budget: InferenceBudget, segmented: bool) -> None:
        self.stop = TurnStop(sound_secs, budget=budget, segmented=segmented)
        self.start = TurnStart(self.stop.ignore)
        self.strategies = UserTurnStrategies(start=[self.start], stop=[self.stop])

    def begin_over(self, voice: Voice, recognisers: Iterable[BoundedSegments]) -> None:
        """Lets turns begin over a voice: until this is called, none is known of."""
        self.start.voice = voice
        for recogniser in recognisers:
            recogniser.ignores = self.start.ignores

    def answer_ahead(self, answers: Answers) -> None:
        """Lets answers be prepared in pauses: until this is called, none is."""
        self.stop.answers = answers
