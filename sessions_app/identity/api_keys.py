"""API keys: other people's pages and programs begin conversations with them.

A key is shown once and kept as a hash. From a browser it works on the origins that it names, and nowhere
else; a revoked one works nowhere from that moment on. What it is for stands in its scopes: those that reach
beyond beginning a conversation are for programs, and no page can use them.
"""

import secrets
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils import timezone

from sessions_app.exceptions import KeyInvalid, ScopeMissing
from sessions_app.identity import session_tokens
from sessions_app.models import ApiKey, Scope
from sessions_app.network import web_origins

API_KEY_PREFIX = "gr_"
SHOWN = 10  # characters that remain visible in the admin, to tell keys apart


def issue(name: str, origins: list[str], scopes: Collection[str] = (Scope.START,)) -> tuple[ApiKey, str]:
    """A new key, and the text of it, which nobody can see again."""
    text = API_KEY_PREFIX + secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        name=name,
        origins=origins,
        scopes=[str(scope) for scope in scopes],
        shown=text[:SHOWN],
        key_hash=session_tokens.hash_of(text),
    )
    return row, text


def is_key(text: str) -> bool:
    return text.startswith(API_KEY_PREFIX)


def check(text: str, origin: str | None, scope: Scope = Scope.START) -> ApiKey:
    """The key of this text, for a request from `origin` (None: no browser).

    Raises KeyInvalid, ScopeMissing.
    """
    row = ApiKey.objects.filter(key_hash=session_tokens.hash_of(text), revoked_at=None).first()
    if row is None or (origin is not None and origin not in row.origins):
        raise KeyInvalid
    if scope not in row.scopes or (scope != Scope.START and origin is not None):
        raise ScopeMissing(str(ScopeMissing.message) % {"scope": scope.value})
    now = timezone.now()
    if row.used_at is None or (now - row.used_at).total_seconds() > 60:
        ApiKey.objects.filter(pk=row.pk).update(used_at=now)
    return row


def revoke(key: ApiKey) -> None:
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


def names_origin(origin: str | None) -> bool:
    """Whether a key in force names this origin.

    Asked of the database each time, so that a new key works and a revoked one stops at once, whichever
    process made the change; only requests of foreign origins come this far.
    """
    if origin is None or web_origins.parse(origin) is None:
        return False
    return ApiKey.objects.filter(revoked_at=None, origins__contains=[origin]).exists()


def validate_origins(value: object) -> None:
    """A list of origins such as https://partner.example, without a path. Raises ValidationError."""
    if not isinstance(value, list):
        raise ValidationError("Origins are a list.")
    for origin in value:
        if web_origins.parse(str(origin)) is None:
            raise ValidationError(f"{origin!r} is no origin: write it as https://partner.example.")
