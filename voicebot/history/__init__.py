"""History of a conversation: writer of turns and its spool, the model's context, summary of old turns."""

from voicebot.history.llm_context import CONTEXT_TURNS, ContextHistory, is_call, mark_cut_off
from voicebot.history.spool import Spool
from voicebot.history.spool_recovery import SpoolRecovery
from voicebot.history.summary import Summariser
from voicebot.history.visitor_facts import FACT_KINDS, FACTS, gathered, kept_facts, told_facts
from voicebot.history.writer import TRANSIENT_ERRORS, HistoryFull, HistoryWriter, HistoryWriters, SpoolThread

__all__ = [
    "CONTEXT_TURNS",
    "FACTS",
    "FACT_KINDS",
    "TRANSIENT_ERRORS",
    "ContextHistory",
    "HistoryFull",
    "HistoryWriter",
    "HistoryWriters",
    "Spool",
    "SpoolRecovery",
    "SpoolThread",
    "Summariser",
    "gathered",
    "is_call",
    "kept_facts",
    "mark_cut_off",
    "told_facts",
]
