"""Who somebody is, and what shows it: visitors, their accounts, API keys, tokens of a session."""

from sessions_app.identity import accounts, api_keys, session_tokens, visitors
from sessions_app.identity.visitors import Visit
from sessions_app.models import Scope

__all__ = ["Scope", "Visit", "accounts", "api_keys", "session_tokens", "visitors"]
