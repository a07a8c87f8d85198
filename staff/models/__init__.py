"""Models of what staff sign in with: authenticators, passkeys, and since when an account's logins count."""

from staff.models.authenticator import Authenticator
from staff.models.ended_logins import EndedLogins
from staff.models.passkey import Passkey, PasskeyChallenge

__all__ = ["Authenticator", "EndedLogins", "Passkey", "PasskeyChallenge"]
