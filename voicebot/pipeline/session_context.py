"""Session context: what is fixed while one pipeline runs: session, manager, writer, limits."""

from dataclasses import dataclass, field
from uuid import UUID

from characters.prompts import DEFAULT_LIMIT
from sessions_app.costs import Meter
from sessions_app.manager import SessionManager
from voicebot.history import HistoryWriter
from voicebot.memories import Remembering
from voicebot.ops import PromptThreads
from voicebot.providers import RecordedSpeech
from voicebot.tools import ToolServers

# A turn waits so long, beside the making of its prompt, for the database to have taken it: 2 ms as a rule.
CATCH_UP_SECS = 0.25


@dataclass(frozen=True)
class SessionContext:
    """Of one connection's pipeline; reached by way of `ConversationState.context`."""

    session_id: UUID
    manager: SessionManager
    writer: HistoryWriter
    connection: UUID
    limit: int = DEFAULT_LIMIT  # tokens that the character's model reads at once
    meter: Meter = field(default_factory=Meter)  # what the connection has used of providers
    # Of the runtime, in which all connections share them:
    prompt_threads: PromptThreads = field(default_factory=PromptThreads)
    recorded: RecordedSpeech = field(default_factory=RecordedSpeech)
    # What the character knows of the visitor; of the connection, whose pipelines follow each other:
    remembering: Remembering = field(default_factory=Remembering)
    tool_servers: ToolServers = field(default_factory=ToolServers)  # of the runtime, too

    async def caught_up(self) -> bool:
        """Whether something else is remembered than this process knew, from before the visitor's turn began.

        It has been read, then. News of it may still be on their way; the statement that takes the turn knows.
        """
        if not self.remembering.remembers:
            return False
        revision = await self.writer.freshness.revision_at_turn(CATCH_UP_SECS)
        return revision is not None and await self.remembering.caught_up(revision, CATCH_UP_SECS)
