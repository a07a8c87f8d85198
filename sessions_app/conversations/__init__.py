"""A visitor's own conversations: listed, searched, exported."""

from sessions_app.conversations.json_export import export
from sessions_app.conversations.listing import MOST_SESSIONS, TITLE, ListedConversation, list_conversations

__all__ = ["MOST_SESSIONS", "TITLE", "ListedConversation", "export", "list_conversations"]
