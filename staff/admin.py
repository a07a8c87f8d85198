"""Authenticators and passkeys in the admin: who has one, and taking a lost one away. No key is shown."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from unfold.admin import ModelAdmin

from staff.models import Authenticator, Passkey

admin.site.unregister(StaticDevice)


@admin.register(Authenticator, Passkey)
class DeviceAdmin(ModelAdmin):
    list_display: ClassVar = ["user", "name", "confirmed", "last_used_at"]
    fields: ClassVar = ["user", "name", "confirmed", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
