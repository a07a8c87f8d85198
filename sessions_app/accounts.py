"""An account that is disabled or deleted talks no more, from that moment on."""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save

from sessions_app import visitors


def end_sessions_of_disabled() -> None:
    """Ends the sessions of an account whenever it is saved as inactive, or deleted."""

    def saved(instance: Any, **_: Any) -> None:
        if not instance.is_active:
            _end(instance.pk)

    def deleted(instance: Any, **_: Any) -> None:
        _end(instance.pk)

    user = settings.AUTH_USER_MODEL
    post_save.connect(saved, sender=user, weak=False, dispatch_uid="sessions_app.accounts.saved")
    post_delete.connect(deleted, sender=user, weak=False, dispatch_uid="sessions_app.accounts.deleted")


def _end(pk: Any) -> None:
    from sessions_app.manager import SyncSessionManager

    SyncSessionManager().end_visitor(visitors.of_account(pk), reason="account disabled")
