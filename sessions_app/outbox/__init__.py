"""The outbox of events: rows for whoever listens, written by the statement that does what they tell of.

What is told has no words; those go along sealed, where an operator wants them. Whoever delivers takes
events from here, lane by lane. The same happenings are a Django signal, `sessions_app.signals.happened`.
"""

from sessions_app.outbox import leases, retention, secrets, sql
from sessions_app.outbox.happenings import SESSION_FACTS, TURN_FACTS, Happening, facts_of, tell
from sessions_app.outbox.leases import Claimed, Settled
from sessions_app.outbox.noting import note_error, note_memories, note_test, note_tool

__all__ = [
    "SESSION_FACTS",
    "TURN_FACTS",
    "Claimed",
    "Happening",
    "Settled",
    "facts_of",
    "leases",
    "note_error",
    "note_memories",
    "note_test",
    "note_tool",
    "retention",
    "secrets",
    "sql",
    "tell",
]
