"""Admin theme: django-unfold's colours and sidebar."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_named: list[str] = []  # the routes of the sidebar


def _item(title: Promise, icon: str, name: str, permission: str) -> dict[str, Any]:
    _named.append(name)
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": lambda request: request.user.has_perm(permission),
        "active": lambda request: _nearest(request.path) == name,
    }


@lru_cache(maxsize=64)  # each item of the sidebar asks
def _nearest(path: str) -> str:
    """The route of the item that a page belongs to; unfold marks each whose address its own begins with."""
    above = {link: name for name in _named if path.startswith(link := reverse(name))}
    return above[max(above, key=len)] if above else ""


def _users(request: HttpRequest) -> str:
    """The list of accounts, '' for who may not see it, and where a project has it nowhere in the admin."""
    from django.contrib import admin  # which asks for settings, where this is read
    from django.contrib.auth import get_permission_codename, get_user_model

    model = get_user_model()
    if not admin.site.is_registered(model) or not request.user.has_perm(
        f"{model._meta.app_label}.{get_permission_codename('view', model._meta)}"
    ):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Greenroom",
    "SITE_HEADER": "Greenroom",
    "SITE_SUBHEADER": _("The editor's desk"),
    "SITE_SYMBOL": "theater_comedy",
    "SITE_URL": reverse_lazy("gallery"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("voicebot/lamp.svg")}
    ],
    "SHOW_LANGUAGES": True,  # they are switched in the menu of the account
    "SCRIPTS": [lambda _request: static("characters/regions.js")],
    "STYLES": [lambda _request: static("characters/desk.css")],
    "BORDER_RADIUS": "10px",
    "DASHBOARD_CALLBACK": "sessions_app.admin.dashboard.add_to",
    "COLORS": {
        # Grounds, lines and text of look.md, both themes in one ramp.
        "base": {
            "50": "#f6f3ea",
            "100": "#efeadb",
            "200": "#ddd8c8",
            "300": "#c3c6b8",
            "400": "#a9b5ab",
            "500": "#5f6b62",
            "600": "#4d574f",
            "700": "#3a473f",
            "800": "#26322b",
            "900": "#17201b",
            "950": "#0f1512",
        },
        # Brass: the character, and the one primary action.
        "primary": {
            "50": "#fbf5e6",
            "100": "#f5e7c4",
            "200": "#ecd394",
            "300": "#e2bd66",
            "400": "#d9a441",
            "500": "#c98f25",
            "600": "#855600",
            "700": "#6f4800",
            "800": "#573800",
            "900": "#3f2900",
            "950": "#1a1406",
        },
    },
    "ACCOUNT": {"navigation": [{"title": _("Your account"), "link": reverse_lazy("admin:account")}]},
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": _("Characters and conversations"),
                "items": [
                    {"title": _("Overview"), "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    _item(
                        _("Characters"),
                        "theater_comedy",
                        "admin:characters_character_changelist",
                        "characters.view_character",
                    ),
                    _item(
                        _("Lorebooks"),
                        "menu_book",
                        "admin:characters_lorebook_changelist",
                        "characters.view_loreentry",
                    ),
                    _item(
                        _("Conversations"),
                        "forum",
                        "admin:sessions_app_voicesession_changelist",
                        "sessions_app.view_voicesession",
                    ),
                ],
            },
            {
                "title": _("Administration"),
                "separator": True,
                "items": [
                    _item(
                        _("Stages"),
                        "mic",
                        "admin:voicebot_stages",
                        "voicebot.view_providerprofile",
                    ),
                    _item(
                        _("Calls"),
                        "call",
                        "admin:voicebot_line",
                        "voicebot.view_providerprofile",
                    ),
                    _item(
                        _("Provider profiles"),
                        "graphic_eq",
                        "admin:voicebot_providerprofile_changelist",
                        "voicebot.view_providerprofile",
                    ),
                    _item(
                        _("Usage and cost"),
                        "payments",
                        "admin:sessions_app_usage_changelist",
                        "sessions_app.view_usage",
                    ),
                    _item(
                        _("Prices"),
                        "sell",
                        "admin:sessions_app_price_changelist",
                        "sessions_app.view_price",
                    ),
                    _item(
                        _("Servers of tools"),
                        "handyman",
                        "admin:voicebot_toolserver_changelist",
                        "voicebot.view_toolserver",
                    ),
                    _item(
                        _("Uses of tools"),
                        "checklist",
                        "admin:sessions_app_tooluse_changelist",
                        "sessions_app.view_tooluse",
                    ),
                    _item(
                        _("Sealed headers"),
                        "encrypted",
                        "admin:voicebot_sealedheader_changelist",
                        "voicebot.view_sealedheader",
                    ),
                    _item(
                        _("Budgets"),
                        "account_balance_wallet",
                        "admin:sessions_app_budget_changelist",
                        "sessions_app.view_budget",
                    ),
                    _item(
                        _("API keys"),
                        "key",
                        "admin:sessions_app_apikey_changelist",
                        "sessions_app.view_apikey",
                    ),
                    _item(
                        _("Event endpoints"),
                        "send",
                        "admin:sessions_app_eventendpoint_changelist",
                        "sessions_app.view_eventendpoint",
                    ),
                    _item(
                        _("Event deliveries"),
                        "outbox",
                        "admin:sessions_app_outboxevent_changelist",
                        "sessions_app.view_outboxevent",
                    ),
                    {
                        "title": _("Users"),
                        "icon": "person",
                        "link": _users,
                        "permission": lambda request: bool(_users(request)),
                    },
                    _item(_("Roles"), "groups", "admin:auth_group_changelist", "auth.view_group"),
                    _item(_("Passkeys"), "passkey", "admin:staff_passkey_changelist", "staff.view_passkey"),
                    _item(
                        _("Authenticators"),
                        "phonelink_lock",
                        "admin:staff_authenticator_changelist",
                        "staff.view_authenticator",
                    ),
                ],
            },
        ],
    },
}
