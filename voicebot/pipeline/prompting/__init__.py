"""The prompt of a turn, as functions over a conversation's state: lore, written exchanges, what is known."""

from voicebot.pipeline.prompting.lore_of_turn import REPLAY_SECS, compile_lore, lore_of
from voicebot.pipeline.prompting.turn_prompt import FACTS_TOLD, Prepared, prepare, prompt_of

__all__ = ["FACTS_TOLD", "REPLAY_SECS", "Prepared", "compile_lore", "lore_of", "prepare", "prompt_of"]
