"""Provider `found`: the language model of another server on this machine, found by its own answer."""

from voicebot.providers.found.search import KNOWN, FoundServer, find, report

__all__ = ["KNOWN", "FoundServer", "find", "report"]
