"""Login sessions of Django, kept under a hash of their key: a dump of the table is no login.

The cookie has the key; the table has the first 160 bits of its SHA-256, as many as its column holds. A key
is 165 random bits, so that no salt and no slow hash is needed (OWASP ASVS 5.0, 11.4.1).
"""

import hashlib
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSession
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone

COLUMN_DIGITS = 40


def hash_of(key: str) -> str:
    """What stands in `django_session.session_key` for the key of a cookie."""
    return hashlib.sha256(key.encode()).hexdigest()[:COLUMN_DIGITS]


class SessionStore(DatabaseSession):
    """`session_key` is the cookie's, as everywhere in Django; only what touches the table knows the hash."""

    def _get_session_from_db(self) -> Session | None:
        row = self._alive().first()
        if row is None:
            self._session_key = None
        return row

    async def _aget_session_from_db(self) -> Session | None:
        row = await self._alive().afirst()
        if row is None:
            self._session_key = None
        return row

    def _alive(self) -> Any:
        return self.model.objects.filter(
            session_key=hash_of(self.session_key or ""), expire_date__gt=timezone.now()
        )

    def exists(self, session_key: str) -> bool:
        return super().exists(hash_of(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(hash_of(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = hash_of(row.session_key)
        return row

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = await super().acreate_model_instance(data)
        row.session_key = hash_of(row.session_key)
        return row

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            self.model.objects.filter(session_key=hash_of(key)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            await self.model.objects.filter(session_key=hash_of(key)).adelete()
