"""What staff show who they are by, and since when their logins count."""

from staff.models.authenticator import Authenticator
from staff.models.ended_logins import EndedLogins
from staff.models.passkey import Passkey, PasskeyChallenge

__all__ = ["Authenticator", "EndedLogins", "Passkey", "PasskeyChallenge"]
