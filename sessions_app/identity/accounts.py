"""Accounts: whether the one behind a visitor still has the right to talk."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from sessions_app.identity import visitors

DISABLED, NO_LONGER_STAFF = "account disabled", "no longer staff"


def why_barred(visitor: str, *, draft: bool = False) -> str:
    """Why this visitor's account may not talk (or not with drafts, which are for staff), '' if it may."""
    pk = visitors.account_of(visitor)
    if not pk:
        return ""
    try:
        found = get_user_model()._default_manager.filter(pk=pk).values("is_active", "is_staff").first()
    except (ValueError, ValidationError):  # no number of an account
        found = None
    if not found or not found["is_active"]:
        return DISABLED
    return NO_LONGER_STAFF if draft and not found["is_staff"] else ""
