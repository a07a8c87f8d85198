"""Kinds of tools that come with Greenroom, registered when this is imported."""

from voicebot.tools.builtin import conversation, everyday, memory, page, stage
from voicebot.tools.builtin.everyday import in_language

__all__ = ["conversation", "everyday", "in_language", "memory", "page", "stage"]
