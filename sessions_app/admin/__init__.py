"""The moderator's pages in the Django admin: sessions, API keys, and the figures of the dashboard."""

from sessions_app.admin import keys, sessions
from sessions_app.admin.lookups import OwnFilters

__all__ = ["OwnFilters", "keys", "sessions"]
