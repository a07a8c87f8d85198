"""Passkeys (Web Authentication Level 3): what is kept of one is public, and opens nothing by itself."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, TimestampMixin


class Passkey(TimestampMixin, Device):
    """A credential record (WebAuthn, section 4) as a device of django-otp."""

    rp_id = models.CharField(max_length=253)  # the domain that it was made for, and answers to alone
    credential_id = models.BinaryField(unique=True)  # 1023 bytes at most
    public_key = models.BinaryField()  # COSE_Key, RFC 9052
    sign_count = models.BigIntegerField(default=0)  # 32 bits, unsigned; 0 for ever where passkeys are synced
    transports = models.JSONField(default=list)

    class Meta(Device.Meta):
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")
        ordering: ClassVar = ["created_at"]

    def verify_token(self, token: Any) -> bool:
        return False  # it answers challenges, and knows no codes


class PasskeyChallenge(models.Model):
    """What a passkey is asked to sign: for one account, one login and one purpose, and taken once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    login = models.CharField(max_length=64)  # a hash of the login's key
    purpose = models.CharField(max_length=16)
    value = models.BinaryField()
    made_at = models.FloatField()  # seconds since 1970

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["login", "purpose"], name="one_challenge_a_login")
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.purpose}"
