"""The moderator's pages: sessions, keys, costs, events out, uses of tools, figures of the dashboard."""

from sessions_app.admin import costs, events, keys, sessions, tool_uses
from sessions_app.admin.lookups import OwnFilters

__all__ = ["OwnFilters", "costs", "events", "keys", "sessions", "tool_uses"]
