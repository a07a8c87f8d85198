"""The second factor of staff: passkeys, one-time passwords of an authenticator (RFC 6238) and recovery codes.

Whoever has one shows it after the password. PRODUCTION demands one of those who keep keys, providers and
people. Until it is shown, or set up where it is demanded, a login reaches nothing but the pages for that.
"""

import re
import secrets
from base64 import b32encode
from enum import Enum
from typing import Any

import django_otp
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken

from staff.factors import passkeys
from staff.factors.challenges import Purpose
from staff.models import Authenticator, Passkey
from staff.models.authenticator import DIGITS

KEEPERS = (
    "sessions_app.add_apikey",
    "sessions_app.add_eventendpoint",
    "sessions_app.change_eventendpoint",
    "voicebot.add_providerprofile",
    "voicebot.change_providerprofile",
    "auth.add_user",
    "auth.change_user",
    "auth.change_group",
)
FACTOR_MODELS: tuple[Any, ...] = (Authenticator, Passkey)
RECOVERY_CODES = 10
RECOVERY_BYTES = 15  # 120 random bits: no salt and no slow hash is needed (ASVS 5.0, 6.5.2)
HASH_DIGITS = 16  # as many as django-otp's column holds
TOTP_NAME = "authenticator"


class Missing(Enum):
    SHOWN = "shown"  # there is one, and it was not shown yet
    SET_UP = "set up"  # there is none, and one is demanded


class LastOne(Exception):
    """The account has no other second factor, and has to have one."""


def exists(user: Any) -> bool:
    return any(kind.objects.filter(user_id=user.pk, confirmed=True).exists() for kind in FACTOR_MODELS)


def authenticator_of(user: Any) -> Authenticator | None:
    found: Authenticator | None = Authenticator.objects.filter(user_id=user.pk, confirmed=True).first()
    return found


def is_demanded(user: Any) -> bool:
    return settings.SECOND_FACTOR_REQUIRED and any(user.has_perm(permission) for permission in KEEPERS)


def missing(request: HttpRequest) -> Missing | None:
    """What the login of a member of staff lacks. A device that was taken away counts no more."""
    shown = request.session.get(django_otp.DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(shown) if shown else None
    if exists(request.user):
        return None if device and device.user_id == request.user.pk and device.confirmed else Missing.SHOWN
    return Missing.SET_UP if is_demanded(request.user) else None


def show(request: HttpRequest, code: str) -> bool:
    """Whether a code is right, of the authenticator or for recovery; no code is right twice.

    django-otp makes each wrong one wait longer.
    """
    typed = re.sub(r"[\s-]", "", code)
    totp = len(typed) == DIGITS and typed.isdecimal()
    kind: Any
    kind, token = (Authenticator, typed) if totp else (StaticDevice, hash_of(typed))
    with transaction.atomic():
        for each in kind.objects.filter(user_id=request.user.pk, confirmed=True):
            if device := django_otp.verify_token(request.user, each.persistent_id, token):
                django_otp.login(request, device)
                return True
    return False


def show_passkey(request: HttpRequest, answer: str, purpose: Purpose) -> Passkey:
    """The passkey whose answer is right. Raises passkeys.PasskeyRefused."""
    passkey = passkeys.show(request, answer, purpose)
    django_otp.login(request, passkey)
    return passkey


def hash_of(code: str) -> str:
    """A recovery code as it is kept: 64 bits that a dump alone does not lead back from. Without hyphens."""
    return salted_hmac("staff.second_factor", code.lower()).hexdigest()[:HASH_DIGITS]


def prepared(user: Any) -> Authenticator:
    """The authenticator that is being set up: it counts once it has shown a code."""
    return Authenticator.objects.get_or_create(
        user_id=user.pk, confirmed=False, defaults={"name": TOTP_NAME}
    )[0]


@transaction.atomic
def set_up(request: HttpRequest, code: str) -> list[str] | None:
    """Makes the prepared authenticator count; new recovery codes if it is the first factor, else [].

    None if its code is wrong.
    """
    first = _is_first(request)
    device = Authenticator.objects.select_for_update().get(pk=prepared(request.user).pk)
    if not device.verify_token(code.strip()):
        return None
    device.confirmed = True
    device.save()
    return _begin_with(request, device) if first else []


def add_passkey(request: HttpRequest, answer: str, name: str) -> tuple[Passkey, list[str]]:
    """The new passkey, and recovery codes if it is the first factor. Raises passkeys.PasskeyRefused."""
    passkey = passkeys.made(request, answer, name)
    with transaction.atomic():
        first = _is_first(request)
        passkeys.keep(passkey)
        return passkey, _begin_with(request, passkey) if first else []


@transaction.atomic
def remove(request: HttpRequest, device: Device) -> None:
    """Logins that showed it show another. Raises LastOne where there is none and one is demanded."""
    _lock(request)
    had = sum(kind.objects.filter(user_id=request.user.pk, confirmed=True).count() for kind in FACTOR_MODELS)
    if had == 1:
        if is_demanded(request.user):
            raise LastOne
        StaticDevice.objects.filter(user_id=request.user.pk).delete()
    device.delete()


@transaction.atomic
def new_recovery_codes(request: HttpRequest) -> list[str]:
    """Recovery codes in the clear, once; those before count no more."""
    _lock(request)
    user_id: Any = request.user.pk
    device, _ = StaticDevice.objects.get_or_create(user_id=user_id, defaults={"name": "recovery codes"})
    StaticDevice.objects.filter(user_id=user_id).exclude(pk=device.pk).delete()
    device.token_set.all().delete()
    codes = [b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=hash_of(each)) for each in codes)
    return ["-".join(re.findall(".{6}", each)) for each in codes]


def codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user_id=user.pk).count()


def _lock(request: HttpRequest) -> None:
    """One change of an account's factors at a time, until the transaction's end."""
    pk: Any = request.user.pk
    get_user_model().objects.select_for_update().get(pk=pk)


def _is_first(request: HttpRequest) -> bool:
    _lock(request)
    return not exists(request.user)


def _begin_with(request: HttpRequest, device: Device) -> list[str]:
    django_otp.login(request, device)
    return new_recovery_codes(request)
