"""The moderator's pages in the Django admin: sessions, keys, costs, events out, figures of the dashboard."""

from sessions_app.admin import costs, events, keys, sessions
from sessions_app.admin.lookups import OwnFilters

__all__ = ["OwnFilters", "costs", "events", "keys", "sessions"]
