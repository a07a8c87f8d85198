"""What of a profile is sealed, in the clear."""

from typing import Any

from django.utils.translation import gettext as _

from sessions_app.exceptions import RecordUnreadable
from voicebot.models import ProviderProfile
from voicebot.providers.errors import ProviderError


def opened(profile: ProviderProfile) -> tuple[str, dict[str, Any]]:
    """The API key and the secret options. Raises ProviderError."""
    try:
        return profile.api_key(), profile.secret_options()
    except RecordUnreadable as error:
        raise ProviderError(
            _(
                "The secrets of the profile %(name)r cannot be opened: their key is not in SESSION_KEYS, "
                "or the service or its address has changed. An operator has to give them again."
            )
            % {"name": profile.name}
        ) from error
