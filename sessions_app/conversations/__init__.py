"""Conversations: a visitor's own, listed, searched, exported; what was said to a character lately."""

from sessions_app.conversations.json_export import export
from sessions_app.conversations.lately import Talk, talks_lately
from sessions_app.conversations.listing import MOST_SESSIONS, TITLE, ListedConversation, list_conversations

__all__ = [
    "MOST_SESSIONS",
    "TITLE",
    "ListedConversation",
    "Talk",
    "export",
    "list_conversations",
    "talks_lately",
]
