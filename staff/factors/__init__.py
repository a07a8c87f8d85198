"""What staff sign in with besides a password: passkeys, one-time passwords, recovery codes, and challenges.

Others import the modules, and `Purpose`: what a challenge is given out for.
"""

from staff.factors import challenges, passkeys, second_factor
from staff.factors.challenges import Purpose

__all__ = ["Purpose", "challenges", "passkeys", "second_factor"]
