"""Errors of providers."""


class ProviderError(Exception):
    """A provider that is unknown or cannot work here. The message says what to do."""

    quotable = True
