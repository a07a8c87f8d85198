"""Routes of the pages on which staff show a second factor, and keep what they sign in with."""

import functools
from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from staff.factors import Purpose
from staff.pages import account_pages, second_factor_pages
from staff.pages.second_factor_pages import Site

View = Callable[..., Any]


def patterns(site: Site, guarded: Callable[[View], View]) -> list[URLPattern]:
    """For the admin's site; `guarded` is its `admin_view`. All under second-factor/ are reached before one
    is shown, see `staff.middleware`."""

    def page(route: str, view: View, name: str) -> URLPattern:
        return path(route, guarded(view), name=name)

    def of_site(view: View) -> View:
        return functools.partial(view, site)

    def asked_for(purpose: Purpose) -> View:
        return functools.partial(second_factor_pages.options, purpose=purpose)

    return [
        page("confirm/passkey/", asked_for(Purpose.CONFIRM), "confirm_options"),
        page("second-factor/", of_site(second_factor_pages.show), "second_factor"),
        page("second-factor/passkey/", asked_for(Purpose.SHOW), "second_factor_options"),
        page("second-factor/setup/", of_site(second_factor_pages.set_up), "second_factor_setup"),
        page(
            "second-factor/setup/passkey/",
            of_site(second_factor_pages.add_passkey),
            "second_factor_setup_passkey",
        ),
        page(
            "second-factor/setup/passkey/options/",
            asked_for(Purpose.REGISTER),
            "second_factor_setup_passkey_options",
        ),
        page("account/", of_site(account_pages.account), "account"),
        page("account/passkeys/<int:pk>/", account_pages.rename_passkey, "account_passkey"),
        page("account/passkeys/<int:pk>/remove/", account_pages.remove_passkey, "account_passkey_remove"),
        page(
            "account/authenticator/remove/",
            account_pages.remove_authenticator,
            "account_authenticator_remove",
        ),
        page(
            "account/recovery-codes/", of_site(account_pages.renew_recovery_codes), "account_recovery_codes"
        ),
        page("account/logins/", account_pages.end_other_logins, "account_logins"),
    ]
