"""Models of sessions, of what is said in them, and of what outlives them. Only sealed words are stored."""

from sessions_app.models.costs import Budget, Price, Usage
from sessions_app.models.events import TELLING, EventEndpoint, EventKind, OutboxEvent
from sessions_app.models.memories import MemoryKey, SealedMemory, VisitorMemory
from sessions_app.models.sessions import (
    ApiKey,
    DataKey,
    Erasure,
    Scope,
    SessionSummary,
    SessionTurn,
    VoiceSession,
)
from sessions_app.models.tool_calls import ToolUse

__all__ = [
    "TELLING",
    "ApiKey",
    "Budget",
    "DataKey",
    "Erasure",
    "EventEndpoint",
    "EventKind",
    "MemoryKey",
    "OutboxEvent",
    "Price",
    "Scope",
    "SealedMemory",
    "SessionSummary",
    "SessionTurn",
    "ToolUse",
    "Usage",
    "VisitorMemory",
    "VoiceSession",
]
