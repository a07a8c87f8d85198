"""Authenticators and passkeys in the admin: who has one, and taking a lost one away. No key is shown."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from unfold.admin import ModelAdmin

from staff.models import Authenticator, Passkey

admin.site.unregister(StaticDevice)
Factor = Authenticator | Passkey


@admin.register(Authenticator, Passkey)
class DeviceAdmin(ModelAdmin):
    """The fields are django-otp's, which has its labels in English alone: here they have ours."""

    list_display: ClassVar = ["owner", "called", "is_confirmed", "last_used"]
    list_select_related: ClassVar = ["user"]
    fields: ClassVar = ["owner", "called", "is_confirmed", "added", "last_used"]
    readonly_fields: ClassVar = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("owner"), ordering=f"user__{get_user_model().USERNAME_FIELD}")
    def owner(self, device: Factor) -> str:
        return str(device.user)

    @admin.display(description=_("name"), ordering="name")
    def called(self, device: Factor) -> str:
        return str(device.name)

    @admin.display(description=_("set up"), boolean=True, ordering="confirmed")
    def is_confirmed(self, device: Factor) -> bool:
        return bool(device.confirmed)

    @admin.display(description=_("added"), ordering="created_at")
    def added(self, device: Factor) -> datetime | None:
        return device.created_at

    @admin.display(description=_("last used"), ordering="last_used_at")
    def last_used(self, device: Factor) -> datetime | None:
        return device.last_used_at
