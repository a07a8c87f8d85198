"""The audit trail: who did what to accounts, keys, characters and transcripts, without a word that was said.

Each event is a line of the logger `audit`, at INFO whatever LOG_LEVEL says; what is done in the admin stands
in its log, too. Accounts are named by number: what somebody types as a name may be their password.
"""

import logging
import re
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.http import HttpRequest

from sessions_app.identity import visitors
from sessions_app.network import address_of_request
from sessions_app.signals import sessions_erased
from sessions_app.stores import Removed
from staff.login import login_limits

log = logging.getLogger("audit")
NAME_DIGITS = 12  # of a name's hash: enough to see that two guesses were at the same account
OWN_MESSAGE = re.compile(r"[A-Z][a-z ]+( \d+)?\.")  # messages that we write, such as `Published version 3.`
ACTS = {ADDITION: "added", CHANGE: "changed", DELETION: "deleted"}


def record(event: str, request: HttpRequest | None = None, *, user: Any = None, **facts: object) -> None:
    """One line: the event, the account, its address, and facts that are numbers or names of our own."""
    actor = user or getattr(request, "user", None)
    known = {
        "account": getattr(actor, "pk", None),
        "address": address_of_request(request) if request else None,
        **facts,
    }
    told = " ".join(f"{name}={value}" for name, value in known.items() if value is not None)
    log.info("%s %s", event, told)


def _signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    record("signed_in", request, user=user)


def _signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    record("signed_out", request, user=user)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    named = credentials.get("username") or credentials.get(get_user_model().USERNAME_FIELD, "")
    name = login_limits.hash_of(str(named))[:NAME_DIGITS]
    limited = bool(getattr(request, "login_wait_secs", 0))
    record("sign_in_refused" if limited else "sign_in_failed", request, name=name)


def _act(instance: LogEntry, created: bool, **_: Any) -> None:
    """An act in the admin: what was done to which row; the words of its message stay in the admin's log."""
    if created:
        model = instance.content_type
        what = f"{model.app_label}.{model.model}" if model else None
        act = ACTS.get(instance.action_flag, "changed")
        did = instance.change_message if OWN_MESSAGE.fullmatch(instance.change_message) else None
        record(act, account=instance.user_id, what=what, id=instance.object_id, did=did)


def _erased(
    by: str,
    removed: Removed,
    visitor: str = "",
    session_id: Any = None,
    request: HttpRequest | None = None,
    **_: Any,
) -> None:
    """What staff erase in the admin is in its log; this is what visitors and commands do."""
    account = visitors.account_of(visitor) or None
    record(
        "erased",
        request,
        account=account,
        by=by,
        id=session_id,
        sessions=removed.sessions,
        turns=removed.turns,
        memories=removed.memories or None,
    )


def listen() -> None:
    """Called once, when the apps are ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="staff.audit.in")
    user_logged_out.connect(_signed_out, dispatch_uid="staff.audit.out")
    user_login_failed.connect(_failed, dispatch_uid="staff.audit.failed")
    post_save.connect(_act, sender=LogEntry, dispatch_uid="staff.audit.act")
    sessions_erased.connect(_erased, dispatch_uid="staff.audit.erased")
