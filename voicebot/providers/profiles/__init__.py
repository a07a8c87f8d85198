"""Profiles that operators set up, as providers: their secrets opened, vendors made with their options."""

from voicebot.providers.profiles.secrets import opened
from voicebot.providers.profiles.vendors import TakesOptions, configured, laid_over

__all__ = ["TakesOptions", "configured", "laid_over", "opened"]
