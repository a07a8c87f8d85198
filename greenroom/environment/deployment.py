"""The deployment: where it listens, who may come, what it keeps secret."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from greenroom.environment.kinds import Kind, Names, Networks, Origins, Switch, Text, Whole

BASE_DIR = Path(__file__).resolve().parent.parent.parent
PRIVATE = ["127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]


def time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"there is no time zone {name!r}: write an IANA name such as Europe/Oslo")
    return name


class Deployment(BaseModel):
    """The deployment"""

    PRODUCTION: Switch = Field(
        default=False,
        description="refuses to start without secrets of one's own and with what is weak; HTTPS everywhere",
    )
    DEBUG: Switch = Field(default=False, description="Django's error pages; PRODUCTION refuses it")
    DATA_DIR: Annotated[Path, Kind("path", "a folder")] = Field(
        default=BASE_DIR / ".data",
        description="embedded PostgreSQL, portraits, turns on their way, a development machine's own secrets",
    )
    STATIC_ROOT: Annotated[Path, Kind("path", "a folder")] = Field(
        default_factory=lambda known: known.get("DATA_DIR", BASE_DIR / ".data") / "static",
        description="static files as browsers get them, made here at the first start, else below DATA_DIR",
    )
    EXTRA_APPS: Names = Field(
        default=[],
        description="Django apps of your own; what their module greenroom registers joins in",
    )
    LOG_LEVEL: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)
    ] = Field(default="INFO", description="what is logged at least; no level logs words of a conversation")
    TIME_ZONE: Annotated[str, Kind("zone", "an IANA name such as Europe/Oslo"), AfterValidator(time_zone)] = (
        Field(
            default="UTC",
            description="in which the admin shows times, and characters know them whose visitor says none",
        )
    )
    LOG_FORMAT: Literal["line", "json"] = Field(
        default="line", description="json for machines that collect logs"
    )
    OTEL_EXPORTER_OTLP_ENDPOINT: Text = Field(
        default="", description="where traces go, without words; needs the extra tracing"
    )
    HOST: Text = Field(default="127.0.0.1", description="the address to listen on")
    PORT: Whole = Field(default=8000, ge=1, le=65_535, description="the port to listen on")
    ALLOWED_HOSTS: Names = Field(
        default=["localhost", "127.0.0.1", "[::1]"], description="the names that this server answers to"
    )
    ALLOWED_ORIGINS: Origins = Field(
        default=[], description="other pages that may talk to this server; its own always may"
    )
    TRUSTED_PROXIES: Networks = Field(
        default=PRIVATE,
        description="whose X-Forwarded-Proto, X-Request-ID and CLIENT_ADDRESS_HEADER are believed",
    )
    CLIENT_ADDRESS_HEADER: Text = Field(
        default="", description="the header in which one's own proxy names the client's address"
    )
    SECURE_SSL_REDIRECT: Switch = Field(
        default=True, description="in PRODUCTION, HTTP is sent on to HTTPS; off where a proxy does that"
    )
    SECRET_KEY: Text = Field(
        default="",
        description="signs cookies and tokens; PRODUCTION needs one, a development machine makes its own",
    )
    SESSION_KEYS: Annotated[str, Kind("str", "id:base64key with commas between them")] = Field(
        default="",
        description="wrap the data keys of sessions, the first for new ones; PRODUCTION needs them, a "
        "development machine makes its own",
    )
