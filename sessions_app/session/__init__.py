"""A session as handlers, prompts and pages see it: opened, with its turns, its summary and its metadata.

In memory only, never in a cache: everything here is in the clear.
"""

from sessions_app.session.coverage import Coverage
from sessions_app.session.metadata import checked_metadata, merge_patch, merged_metadata, same_json
from sessions_app.session.opened_session import SESSION_TABLE, Session, as_uuid, metadata_of, sealer_of
from sessions_app.session.tool_call import EVENT_TABLE, RESULT_CHARACTERS, Outcome, ToolCall
from sessions_app.session.turn import CUT_OFF, Lore, Past, Role, Turn

__all__ = [
    "CUT_OFF",
    "EVENT_TABLE",
    "RESULT_CHARACTERS",
    "SESSION_TABLE",
    "Coverage",
    "Lore",
    "Outcome",
    "Past",
    "Role",
    "Session",
    "ToolCall",
    "Turn",
    "as_uuid",
    "checked_metadata",
    "merge_patch",
    "merged_metadata",
    "metadata_of",
    "same_json",
    "sealer_of",
]
