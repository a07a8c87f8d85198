"""Since when an account's logins count."""

from django.conf import settings
from django.db import models


class EndedLogins(models.Model):
    """Every login of an account that began until then is over, also when the account comes back."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True)
    at = models.FloatField()  # seconds since 1970, as `staff.login.logins` counts them

    def __str__(self) -> str:
        return f"{self.user_id}: {self.at}"
