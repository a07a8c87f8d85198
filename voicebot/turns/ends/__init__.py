"""Ends of turns by more than their sound: words that go on, the speaker's rhythm, and how long to wait."""

from voicebot.turns.ends.patience import chance, patience_secs
from voicebot.turns.ends.rhythm import LONGEST_SECS, Rhythm
from voicebot.turns.ends.wording import LANGUAGES, Wording, wording

__all__ = ["LANGUAGES", "LONGEST_SECS", "Rhythm", "Wording", "chance", "patience_secs", "wording"]
