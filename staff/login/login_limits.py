"""Login limits: how often passwords may be tried, by name and address, by address, by name, and over all.

A guess counts before its password is looked at, so that guesses at once do not pass together, and is given
back if it was right. Beyond the limits of a name and of all names one guess passes every few seconds: nobody
can lock out somebody else. Whoever has signed in from this browser before has a device cookie (OWASP, "Slow
Down Online Guessing Attacks with Device Cookies") and counts by that, so that the guesses of strangers delay
nobody who belongs here. Names are counted as hashes, for as long as the window lasts.
"""

import unicodedata
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond

from sessions_app.network import address_of_request
from staff.login import device_cookie
from voicebot.ops import SharedCounts
from voicebot.runtime import of_request


class TooManyGuesses(Exception):
    """Raised instead of looking at a password."""

    def __init__(self, retry_after_secs: int):
        super().__init__()
        self.retry_after_secs = retry_after_secs


@dataclass
class Guess:
    """One guess, and where it was counted."""

    counts: SharedCounts
    counted: list[tuple[RateLimitItem, tuple[str, ...]]] = field(default_factory=list)

    def count(self, item: RateLimitItem, *names: str) -> bool:
        """Whether it is within the limit."""
        self.counted.append((item, names))
        return self.counts.hit(item, *names)

    def give_back(self) -> None:
        """It was right: it counts nowhere."""
        for item, names in self.counted:
            self.counts.hit(item, *names, cost=-1)
        self.counted.clear()


def hash_of(name: str) -> str:
    """A name as it is counted: forms of Unicode that look alike to the database of accounts are one."""
    return salted_hmac("staff.login_limits", unicodedata.normalize("NFKC", name).casefold()).hexdigest()


def take(request: HttpRequest, name: str) -> Guess:
    """Counts a guess at a name's password. Raises TooManyGuesses. Asks Redis."""
    minutes = settings.LOGIN_COOLOFF_MINUTES
    window = 60 * minutes
    address, who, guess = address_of_request(request), hash_of(name), Guess(of_request(request).counts)

    def within(most: int, *names: str) -> bool:
        return guess.count(RateLimitItemPerMinute(most, minutes), *names)

    if not within(settings.LOGIN_FAILURES, "login-pair", who, address):
        raise TooManyGuesses(window)
    if not within(settings.LOGIN_FAILURES_PER_ADDRESS, "login-address", address):
        raise TooManyGuesses(window)
    if device := device_cookie.of(request, who):
        if not within(settings.LOGIN_FAILURES, "login-device", device):
            raise TooManyGuesses(window)
        return guess
    for most, delay_secs, names in (
        (settings.LOGIN_FAILURES_PER_NAME, settings.LOGIN_DELAY_SECS, ("login-name", who)),
        (settings.LOGIN_FAILURES_IN_ALL, 1, ("login-all",)),
    ):
        slot = RateLimitItemPerSecond(1, delay_secs)
        if not within(most, *names) and not guess.counts.hit(slot, "slot", *names):
            raise TooManyGuesses(delay_secs)
    return guess
