"""The operators' page of calls: what is open from this machine, and from the browser."""

from voicebot.line_page.page import LinePage

__all__ = ["LinePage"]
