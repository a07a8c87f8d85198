"""An authenticator: time-based one-time passwords (TOTP, RFC 6238) whose key is sealed.

django-otp's own table has the keys in the clear: whoever had a dump of it could show everybody's codes.
"""

import logging
import secrets
import time
import uuid
from base64 import b32encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from sessions_app.crypto import SealedRow
from sessions_app.exceptions import RecordUnreadable

log = logging.getLogger(__name__)
TOTP_KEY_BYTES = 20  # RFC 4226, R6: as long as SHA-1's output
STEP_SECS, DIGITS = 30, 6  # what every authenticator app takes without being told
TOLERANCE_STEPS = 1  # either way, for clocks that differ
TOTP_TABLE, TOTP_FIELD = "authenticator", "key"
clock: Callable[[], float] = time.time


class Authenticator(SealedRow, TimestampMixin, ThrottlingMixin, Device):
    """django-otp's device: each code counts once, and each wrong one makes the next wait longer."""

    seal_name = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed_key = models.BinaryField(editable=False)
    drift = models.SmallIntegerField(default=0)  # steps that its clock is known to be off
    last_t = models.BigIntegerField(default=-1)  # the step of the last code that counted

    class Meta(Device.Meta):
        verbose_name = _("authenticator")
        verbose_name_plural = _("authenticators")

    def save(self, *args: Any, **kwargs: Any) -> None:
        """One without a key gets a random one."""
        if not self.sealed_key:
            self.seal(secrets.token_bytes(TOTP_KEY_BYTES))
        super().save(*args, **kwargs)

    @property
    def seal_id(self) -> uuid.UUID:
        return self.seal_name

    @property
    def _bound(self) -> str:
        return f"account {self.user_id}"  # a row that is given to somebody else does not open

    def seal(self, key: bytes) -> None:
        self.sealed_key = self.new_sealer().seal(TOTP_TABLE, TOTP_FIELD, 0, key.hex(), self._bound)

    @property
    def bin_key(self) -> bytes:
        """The key in the clear. Raises RecordUnreadable."""
        opened: str = self.sealer().open(TOTP_TABLE, TOTP_FIELD, 0, bytes(self.sealed_key), self._bound)
        return bytes.fromhex(opened)

    def verify_token(self, token: str) -> bool:
        """Whether the code is right. To be called on a row that is locked."""
        if not self.verify_is_allowed()[0]:
            return False
        try:
            totp = TOTP(self.bin_key, STEP_SECS, 0, DIGITS, self.drift)
        except RecordUnreadable:
            log.error("The authenticator of account %s cannot be opened with SESSION_KEYS.", self.user_id)
            return False
        totp.time = clock()
        right = token.isdecimal() and totp.verify(int(token), TOLERANCE_STEPS, self.last_t + 1)
        if right:
            self.last_t, self.drift = totp.t(), totp.drift
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
            self.save()
        else:
            self.throttle_increment()
        return bool(right)

    def get_throttle_factor(self) -> float:
        return 1.0  # seconds after the first wrong code, then twice as long each time

    @property
    def config_url(self) -> str:
        """What the QR code says (Google Authenticator's Key URI Format), with the key in the clear."""
        issuer = settings.OTP_TOTP_ISSUER
        label = quote(f"{issuer}:{self.user.get_username()}")
        facts = {
            "secret": b32encode(self.bin_key).decode(),
            "algorithm": "SHA1",
            "digits": DIGITS,
            "period": STEP_SECS,
            "issuer": issuer,
        }
        return f"otpauth://totp/{label}?{urlencode(facts, quote_via=quote)}"
