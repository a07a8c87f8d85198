"""Logins of staff: how long, how often, with what."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from greenroom.environment.kinds import Kind, Switch, Whole


class StaffLogins(BaseModel):
    """Logins of staff"""

    STAFF_LOGIN_SECS: Whole = Field(
        default=12 * 3600, ge=1, description="then staff sign in anew, whatever they do"
    )
    STAFF_IDLE_SECS: Whole = Field(
        default=30 * 60, ge=1, description="without a request, after which staff sign in anew, too"
    )
    CONFIRM_SECS: Whole = Field(
        default=600, ge=0, description="then a password is asked for again before keys, people, words"
    )
    SECOND_FACTOR_REQUIRED: Switch = Field(
        default_factory=lambda known: known.get("PRODUCTION", False),
        description="of keepers of keys and people; on in PRODUCTION",
    )
    PASSKEY_DOMAIN: Annotated[str, BeforeValidator(str.lower), Kind("str", "a domain")] = Field(
        default="", description="of passkeys; empty for the host that is asked"
    )
    LOGIN_COOLOFF_MINUTES: Whole = Field(
        default=15, ge=1, description="the time within which wrong passwords count"
    )
    LOGIN_FAILURES: Whole = Field(
        default=5, ge=1, description="of one name from one address, or from one browser"
    )
    LOGIN_FAILURES_PER_ADDRESS: Whole = Field(
        default=15, ge=1, description="from one address, whatever the names"
    )
    LOGIN_FAILURES_PER_NAME: Whole = Field(
        default=10, ge=1, description="of one name from anywhere, then with a delay"
    )
    LOGIN_FAILURES_IN_ALL: Whole = Field(
        default=200, ge=1, description="of all names, then one attempt a second"
    )
    LOGIN_DELAY_SECS: Whole = Field(
        default=30, ge=1, description="between attempts at a name that has had too many"
    )
