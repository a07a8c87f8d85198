"""Settings of another project: what it writes into `GREENROOM`, by the names and types of our environment.

Our own project has them one by one, from the environment: it has no `GREENROOM`, and nothing is filled in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from greenroom import development
from greenroom.environment import SECTIONS, allowed

# Django has settings for these, or the project does as it likes about them.
OF_THE_PROJECT = {
    *(
        "DEBUG",
        "SECRET_KEY",
        "ALLOWED_HOSTS",
        "TIME_ZONE",
        "STATIC_ROOT",
        "EXTRA_APPS",
        "SECURE_SSL_REDIRECT",
    ),
    *("DATABASE_URL", "LOG_LEVEL", "LOG_FORMAT", "REDIS_SENTINELS", "REDIS_OPTIONS", "CHANNEL_REDIS_URL"),
    *("S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION", "S3_PREFIX"),
}


class ProjectSettings(*reversed(SECTIONS), BaseModel):  # type: ignore[misc]
    """The environment without the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


FIELDS: dict[str, FieldInfo] = {
    name: field for name, field in ProjectSettings.model_fields.items() if name not in OF_THE_PROJECT
}


def fill(settings: Any) -> None:
    """Gives a project's settings those that our apps read.

    Raises ImproperlyConfigured, with a sentence for each entry of GREENROOM that is wrong; values are not
    quoted, as they may be secrets.
    """
    given = getattr(settings, "GREENROOM", None)
    if given is None:
        return
    for name, value in of_project(given, debug=settings.DEBUG).items():
        if name in given and getattr(settings, name, value) != value:
            raise ImproperlyConfigured(
                f"GREENROOM[{name!r}] and the setting {name} differ: keep one of them."
            )
        if not hasattr(settings, name) or name in given:
            setattr(settings, name, value)
    settings.ABSOLUTE_URL_OVERRIDES = {
        "characters.character": lambda character: reverse("talk", args=[character.slug]),
        **settings.ABSOLUTE_URL_OVERRIDES,
    }


def of_project(given: Mapping[str, Any], *, debug: bool) -> dict[str, Any]:
    """All settings that our apps read and Django has no default for."""
    if not given.get("DATA_DIR"):
        raise ImproperlyConfigured(
            "GREENROOM['DATA_DIR'] takes a folder, for what is on its way to the database."
        )
    if unknown := [name for name in given if name not in FIELDS]:
        raise ImproperlyConfigured(f"GREENROOM has no {' or '.join(map(str, unknown))}.")
    known = {"PRODUCTION": not debug, **given}
    if not known.get("SESSION_KEYS") and debug:
        path = Path(known["DATA_DIR"]) / "session_keys"
        known["SESSION_KEYS"] = development.remembered(path, development.session_keys)
    try:
        read = ProjectSettings(**known)
    except ValidationError as error:
        names = dict.fromkeys(str(found["loc"][0]) for found in error.errors())
        wrong = (f"GREENROOM[{name!r}] takes {allowed(FIELDS[name])}." for name in names if name in given)
        raise ImproperlyConfigured(" ".join(wrong)) from None
    return {**{name: getattr(read, name) for name in FIELDS}, **_made_of(read)}


def _made_of(read: Any) -> dict[str, Any]:
    """What our own settings make of several variables, or call by another name."""
    return {
        "DATA_DIR": read.DATA_DIR.resolve(),
        "STAGE_PROVIDERS": read.stage_providers,
        "STAGE_FALLBACKS": read.stage_fallbacks,
        "STAGE_OPTIONS": read.stage_options,
        "OPENAI": read.openai,
        "OPENAI_REALTIME": read.openai_realtime,
        "GEMINI_LIVE": read.gemini_live,
        "CALLS": read.calls,
        "TRACES_ENDPOINT": read.OTEL_EXPORTER_OTLP_ENDPOINT,
        "REQUIRE_TLS": read.PRODUCTION,
        "OTP_TOTP_ISSUER": "Greenroom",
        "SHARE_IMAGE_SERIF": "voicebot/fonts/fraunces.woff2",
        "SHARE_IMAGE_SANS": "voicebot/fonts/inter.woff2",
    }
