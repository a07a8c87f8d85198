"""The login of a member of staff: limits on guessing, how long it lasts, and its confirmation by a password.

Others import the modules, and use what they name in public.
"""

from staff.login import confirmation, device_cookie, login_limits, logins

__all__ = ["confirmation", "device_cookie", "login_limits", "logins"]
