"""Signal receivers: sessions follow their character to another address, and end with an account's rights.

An account that loses something talks no more; its live conversations end at that moment. That is one that
is disabled, deleted, no longer staff, or has got another password. Their tokens end with the conversations;
logins end by Django's own hash of the password, and by `staff.login`. What is changed past `save` sends no
signal: such an account's conversations end at their next heartbeat, see `identity.accounts.why_barred`. Of an
account that is deleted no character remembers anything.
"""

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save, pre_save

from characters.signals import character_moved, document_deleted
from sessions_app import documents
from sessions_app.identity import accounts, visitors
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import SyncMemories
from sessions_app.models import EventEndpoint, MemoryKey, VisitorMemory, VoiceSession
from sessions_app.signals import account_reduced, keys_rotated


def follow_moved_characters() -> None:
    """Sessions and memories refer to their character by its address."""

    def moved(old: str, new: str, **_: Any) -> None:
        VoiceSession.objects.filter(character_id=old).update(character_id=new)
        VisitorMemory.objects.filter(character_id=old).update(character_id=new)

    character_moved.connect(moved, weak=False, dispatch_uid="sessions_app.characters.moved")


def journal_deleted_documents() -> None:
    """A document that was deleted for good is in the journal of erasures, as what was said is."""
    document_deleted.connect(documents.note, weak=False, dispatch_uid="sessions_app.documents.deleted")


def rewrap_other_keys() -> None:
    """Keys of memories and of event endpoints are rewrapped when those of sessions are."""
    keys_rotated.connect(MemoryKey.rewrap_all, dispatch_uid="sessions_app.memories.keys")
    keys_rotated.connect(EventEndpoint.rewrap_all, dispatch_uid="sessions_app.events.keys")


BEFORE = "_account_before"  # on the instance, from before it is saved until it is
REDUCED = (accounts.DISABLED, accounts.NO_LONGER_STAFF)
ACCOUNT_FIELDS = ("is_active", "is_staff", "is_superuser", "password")


def end_sessions_of_disabled() -> None:
    """Ends the sessions of an account that was changed so, whoever saves it."""
    user = settings.AUTH_USER_MODEL
    for signal, receiver in ((pre_save, _remember), (post_save, _saved), (post_delete, _deleted)):
        signal.connect(receiver, sender=user, dispatch_uid=f"sessions_app.accounts.{receiver.__name__}")


def _remember(sender: Any, instance: Any, update_fields: Any = None, **_: Any) -> None:
    if update_fields is not None and not set(update_fields) & set(ACCOUNT_FIELDS):
        return  # a sign-in, of which nothing depends
    setattr(instance, BEFORE, sender._default_manager.filter(pk=instance.pk).values(*ACCOUNT_FIELDS).first())


def _saved(instance: Any, update_fields: Any = None, **_: Any) -> None:
    before = instance.__dict__.pop(BEFORE, None)
    if before and (reason := _reason(before, instance, update_fields)):
        _end(instance.pk, reason)
        if reason in REDUCED:
            account_reduced.send(type(instance), pk=instance.pk)


def _reason(before: dict[str, Any], now: Any, update_fields: Any) -> str:
    """Why the account's conversations end, '' if they do not."""
    if not now.is_active:
        return accounts.DISABLED
    if any(before[role] and not getattr(now, role) for role in ("is_staff", "is_superuser")):
        return accounts.NO_LONGER_STAFF
    # Signing in may save a newer hash of the same password, alone; a password that is set is still there.
    upgraded = update_fields is not None and set(update_fields) == {"password"} and now._password is None
    return "password changed" if before["password"] != now.password and not upgraded else ""


def _deleted(instance: Any, **_: Any) -> None:
    _end(instance.pk, accounts.DISABLED)
    SyncMemories().forget_all(visitors.of_account(instance.pk))


def _end(pk: Any, reason: str) -> None:
    SyncSessionManager().end_visitor(visitors.of_account(pk), reason=reason)
