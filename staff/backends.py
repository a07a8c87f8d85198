"""Accounts and their passwords, as Django has them, behind the login limits."""

from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from staff.login import login_limits


class LimitedModelBackend(ModelBackend):
    """Looks at no password beyond the limits; the request then knows for how long: `login_wait_secs`."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """The account, None, or PermissionDenied. Without a request nobody from outside asks."""
        name = username if username is not None else kwargs.get(get_user_model().USERNAME_FIELD)
        if request is None or name is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        try:
            guess = login_limits.take(request, name)
        except login_limits.TooManyGuesses as error:
            request.login_wait_secs = error.retry_after_secs  # type: ignore[attr-defined]
            raise PermissionDenied from error
        user = super().authenticate(request, username, password, **kwargs)
        if user is not None:
            guess.give_back()
        return user

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)
