"""Session context: what is fixed while one pipeline runs: session, manager, writer, limits."""

from dataclasses import dataclass, field
from uuid import UUID

from characters.prompts import DEFAULT_LIMIT
from sessions_app.manager import SessionManager
from voicebot.history import HistoryWriter
from voicebot.memories import Remembering
from voicebot.ops import PromptThreads
from voicebot.providers import RecordedSpeech


@dataclass(frozen=True)
class SessionContext:
    """Of one connection's pipeline; reached by way of `ConversationState.context`."""

    session_id: UUID
    manager: SessionManager
    writer: HistoryWriter
    connection: UUID
    limit: int = DEFAULT_LIMIT  # tokens that the character's model reads at once
    # Of the runtime, in which all connections share them:
    prompt_threads: PromptThreads = field(default_factory=PromptThreads)
    recorded: RecordedSpeech = field(default_factory=RecordedSpeech)
    # What the character knows of the visitor; of the connection, whose pipelines follow each other:
    remembering: Remembering = field(default_factory=Remembering)
