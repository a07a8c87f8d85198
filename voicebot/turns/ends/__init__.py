"""Ends of turns by more than their sound: words that go on, and how long to wait for them."""

from voicebot.turns.ends.patience import chance, patience_secs
from voicebot.turns.ends.wording import LANGUAGES, Wording, wording

__all__ = ["LANGUAGES", "Wording", "chance", "patience_secs", "wording"]
