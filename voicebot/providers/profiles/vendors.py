"""Vendors of speech to speech with the options of a profile in place of the environment's."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from django.utils.translation import gettext as _

from voicebot import service_options
from voicebot.providers.errors import ProviderError

WHERE = ("api_key", "base_url")  # a profile's own, or none: its key goes to no address of the environment's


@runtime_checkable
class TakesOptions(Protocol):
    """A provider of speech to speech that operators may make profiles of."""

    def with_options(self, options: Mapping[str, Any]) -> Any:
        """The same provider with these in place of the environment's. Raises ProviderError."""


def configured(
    vendor: Any,
    service: str,
    options: Mapping[str, Any],
    api_key: str,
    secret_options: Mapping[str, Any] | None,
    *,
    known: Sequence[str],
) -> Any:
    """A vendor as an operator describes it. `known` are those that there are. Raises ProviderError."""
    if not isinstance(vendor, TakesOptions):
        sentence = _("%(service)r does not do all three: speech to speech is one of %(known)s.")
        raise ProviderError(sentence % {"service": service, "known": ", ".join(known)})
    given = service_options.merged(options, secret_options or {})
    return vendor.with_options(given | ({"api_key": api_key} if api_key else {}))


def laid_over(settings: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """A vendor's settings with a profile's options in place of the environment's.

    Raises ProviderError for what is no option, or is no value for one. It quotes names only.
    """
    for name, value in options.items():
        if name not in settings:
            sentence = _("There is no option %(name)r. There are %(known)s.")
            raise ProviderError(sentence % {"name": name, "known": ", ".join(sorted(settings))})
        kind = type(settings[name])
        if type(value) is not kind or (kind is int and value < 1):
            raise ProviderError(_("The option %(name)r has a value that it cannot have.") % {"name": name})
    own = {name: "" for name in WHERE}
    found = {**settings, **own, **options}
    if not any(found[name] for name in WHERE):
        raise ProviderError(
            _("The profile has no address: it needs an API key, or “base_url” for a server of its own.")
        )
    return found
