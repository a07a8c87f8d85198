"""The moderator's pages in the Django admin: sessions, API keys, costs, and the figures of the dashboard."""

from sessions_app.admin import costs, keys, sessions
from sessions_app.admin.lookups import OwnFilters

__all__ = ["OwnFilters", "costs", "keys", "sessions"]
