"""Every environment variable of Greenroom: its type, range, default and meaning, read once by `read`.

By idea in the other files here; docs/reference.md is written from them. `config.settings` is the only
caller; everything else asks `django.conf.settings`.
"""

from typing import Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from django.core.exceptions import ImproperlyConfigured
from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from greenroom.environment.calls import Calls
from greenroom.environment.deployment import BASE_DIR, Deployment
from greenroom.environment.kinds import Kind
from greenroom.environment.providers import Providers
from greenroom.environment.sessions import Sessions
from greenroom.environment.staff_logins import StaffLogins
from greenroom.environment.storage import Storage
from greenroom.environment.tool_servers import ToolServers

__all__ = [
    "BASE_DIR",
    "OF_LIBRARIES",
    "SECTIONS",
    "Environment",
    "allowed",
    "choices_of",
    "kind_of",
    "range_of",
    "read",
]

DEPENDENT = "default_factory_not_called"  # because the variable that the default depends on is wrong
SECTIONS = (Deployment, Storage, Sessions, Calls, Providers, ToolServers, StaffLogins)
OF_LIBRARIES = {  # variables that libraries read by themselves
    "MALLOC_": "glibc: MALLOC_ARENA_MAX, how many heaps threads share; two where it is not set",
    "AWS_": "boto3: credentials and region of S3_BUCKET, such as AWS_ACCESS_KEY_ID",
    "OTEL_": "OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set: headers, time-outs, sampling",
}


class Environment(StaffLogins, ToolServers, Providers, Calls, Sessions, Storage, Deployment, BaseSettings):
    """The environment, typed. A default may depend on variables of the same section or of one before it."""

    model_config = SettingsConfigDict(
        case_sensitive=True, enable_decoding=False, extra="ignore", frozen=True, validate_default=True
    )


def kind_of(field: FieldInfo) -> Kind:
    """The kind of values that a variable takes."""
    if get_origin(field.annotation) is Literal:
        return Kind("str", " or ".join(map(str, get_args(field.annotation))))
    return next(known for known in field.metadata if isinstance(known, Kind))


def range_of(field: FieldInfo) -> str:
    """From where to where a number may go, '' for everything else."""
    bounds = {type(known): known for known in field.metadata}
    if Ge in bounds and Le in bounds:
        return f"from {bounds[Ge].ge} to {bounds[Le].le}"
    if Ge in bounds:
        return f"of at least {bounds[Ge].ge}"
    return f"above {bounds[Gt].gt}" if Gt in bounds else ""


def allowed(field: FieldInfo) -> str:
    """What a variable takes, in words."""
    return f"{kind_of(field).words} {range_of(field)}".strip()


def read() -> Environment:
    """The environment of this process.

    Raises ImproperlyConfigured, with a sentence for each variable that is wrong: its name and what it takes.
    Values are not quoted: they may be secrets.
    """
    try:
        return Environment()
    except ValidationError as error:
        names = [str(found["loc"][0]) for found in error.errors() if found["type"] != DEPENDENT]
    sentences = (f"{name} takes {allowed(Environment.model_fields[name])}." for name in dict.fromkeys(names))
    raise ImproperlyConfigured(" ".join(sentences))
