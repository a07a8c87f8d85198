"""Passkeys as a second factor (Web Authentication Level 3), by py_webauthn.

The browser names the page that it was on, and the authenticator the domain: both have to be ours. It has to
have verified its owner, by a PIN or a finger. What is refused is refused for one reason of a short list, and
the challenge is spent whatever comes.
"""

import json
import logging
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from sessions_app.network import web_origins
from staff.factors import challenges
from staff.factors.challenges import Purpose
from staff.models import Passkey
from voicebot.connection import origins

log = logging.getLogger(__name__)
MOST_PASSKEYS = 20  # of one account
ANSWER_CHARACTERS = 20_000  # of an authenticator's answer: a kilobyte or two is usual
CREDENTIAL_ID_BYTES = 1023  # WebAuthn, 5.8.1
REQUIRED = UserVerificationRequirement.REQUIRED


class PasskeyRefused(Exception):
    """An answer that does not count; `reason` is for the audit trail."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class RelyingParty:
    """Who we are to an authenticator: a domain, and to a browser: the origin of our pages."""

    id: str
    origin: str


def relying_party(request: HttpRequest) -> RelyingParty | None:
    """Of the host that this request came to; None where browsers have no passkeys: at a bare address, and
    at a host outside of PASSKEY_DOMAIN."""
    own = origins.own_of(request)
    domain: str = settings.PASSKEY_DOMAIN
    if own is None or web_origins.is_address(own.host):
        return None
    if domain and own.host != domain and not own.host.endswith(f".{domain}"):
        return None
    return RelyingParty(domain or own.host, str(own))


def usable(request: HttpRequest) -> list[Passkey]:
    """The passkeys of who is signed in that work at this host."""
    party = relying_party(request)
    if party is None:
        return []
    return list(Passkey.objects.filter(user_id=request.user.pk, rp_id=party.id, confirmed=True))


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    known = {transport.value for transport in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=bytes(each.credential_id),
            transports=[AuthenticatorTransport(name) for name in each.transports if name in known],
        )
        for each in passkeys
    ]


def registration_options(request: HttpRequest) -> dict[str, Any]:
    """What the browser hands to `navigator.credentials.create`, as JSON. Raises PasskeyRefused."""
    party = _party(request)
    user: Any = request.user
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=settings.OTP_TOTP_ISSUER,
        user_name=user.get_username(),
        # Says nothing of the account to whoever finds the authenticator (WebAuthn, 14.6.1).
        user_id=salted_hmac("staff.passkeys", str(user.pk)).digest(),
        challenge=challenges.new(request, Purpose.REGISTER),
        timeout=challenges.CHALLENGE_SECS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=REQUIRED
        ),
        exclude_credentials=_descriptors(usable(request)),
    )
    return _as_json(options)


def request_options(request: HttpRequest, purpose: Purpose) -> dict[str, Any]:
    """What the browser hands to `navigator.credentials.get`, as JSON. Raises PasskeyRefused."""
    party = _party(request)
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenges.new(request, purpose),
        timeout=challenges.CHALLENGE_SECS * 1000,
        allow_credentials=_descriptors(usable(request)),
        user_verification=REQUIRED,
    )
    return _as_json(options)


def made(request: HttpRequest, answer: str, name: str) -> Passkey:
    """The passkey that answered, to be kept by `keep`. Raises PasskeyRefused.

    Not to be called within a transaction: what ends in an error would give the challenge back.
    """
    party = _party(request)
    credential = _parsed(parse_registration_credential_json, answer)
    challenge = _challenge(request, Purpose.REGISTER, credential.response.client_data_json, party)
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # whatever a stranger's CBOR and certificates do to a parser
        raise _invalid(error) from error
    if len(verified.credential_id) > CREDENTIAL_ID_BYTES:
        raise PasskeyRefused("invalid")
    return Passkey(
        user_id=request.user.pk,
        name=name,
        rp_id=party.id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=[each.value for each in credential.response.transports or []],
    )


def keep(passkey: Passkey) -> None:
    """Saves it. Raises PasskeyRefused: it is somebody's already, or there are enough."""
    if Passkey.objects.filter(user_id=passkey.user_id).count() >= MOST_PASSKEYS:
        raise PasskeyRefused("too_many")
    try:
        with transaction.atomic():
            passkey.save()
    except IntegrityError as error:
        raise PasskeyRefused("registered_already") from error


def show(request: HttpRequest, answer: str, purpose: Purpose) -> Passkey:
    """The passkey that answered, of who is signed in. Raises PasskeyRefused."""
    party = _party(request)
    credential = _parsed(parse_authentication_credential_json, answer)
    challenge = _challenge(request, purpose, credential.response.client_data_json, party)
    with transaction.atomic():
        passkey = (
            Passkey.objects.select_for_update()
            .filter(user_id=request.user.pk, credential_id=credential.raw_id, rp_id=party.id, confirmed=True)
            .first()
        )
        if passkey is None:
            raise PasskeyRefused("not_of_this_account")
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=bytes(passkey.public_key),
                credential_current_sign_count=0,  # looked at below, as a reason of its own
                require_user_verification=True,
            )
        except Exception as error:
            raise _invalid(error) from error
        count = verified.new_sign_count
        if (count or passkey.sign_count) and count <= passkey.sign_count:
            raise PasskeyRefused("sign_count")  # there are two of it (WebAuthn, 6.1.1)
        passkey.sign_count = count
        passkey.set_last_used_timestamp(commit=False)
        passkey.save(update_fields=["sign_count", "last_used_at"])
    return passkey


def _party(request: HttpRequest) -> RelyingParty:
    party = relying_party(request)
    if party is None:
        raise PasskeyRefused("host")
    return party


def _parsed(parse: Any, answer: str) -> Any:
    if len(answer) > ANSWER_CHARACTERS:
        raise PasskeyRefused("malformed")
    try:
        return parse(answer)
    except Exception as error:
        log.info("An answer of a passkey could not be read: %s", type(error).__name__)
        raise PasskeyRefused("malformed") from error


def _challenge(request: HttpRequest, purpose: Purpose, client_data: bytes, party: RelyingParty) -> bytes:
    """The challenge that was answered, taken; the page that it was answered on has to be ours."""
    try:
        facts = parse_client_data_json(client_data)
    except Exception as error:
        raise PasskeyRefused("malformed") from error
    if not challenges.take(request, purpose, facts.challenge):
        raise PasskeyRefused("challenge")
    if facts.origin != party.origin or facts.cross_origin:
        raise PasskeyRefused("origin")
    return facts.challenge


def _invalid(error: Exception) -> PasskeyRefused:
    log.info("An answer of a passkey does not count: %s", type(error).__name__)
    return PasskeyRefused("invalid")


def _as_json(options: Any) -> dict[str, Any]:
    as_json: dict[str, Any] = json.loads(options_to_json(options))
    return as_json
