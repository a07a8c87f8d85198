"""Extension points: what an installed app may register, in its module `greenroom`, which is found at start.

The functions below are all of it; docs/extending.md has an example of each. A registration that is wrong, or
made twice, is an error of `manage.py check` and of every start, and names the app.
"""

from voicebot.extensions.additions import Place, additions
from voicebot.extensions.discovery import discover, problems
from voicebot.extensions.messages import CLIENT_MESSAGES, client_message
from voicebot.extensions.providers import BaseProvider
from voicebot.extensions.registering import importer, observer, processor, provider, store, text_transform
from voicebot.extensions.tools import Answer, Argument, Call, ToolFailed, tool

__all__ = [
    "CLIENT_MESSAGES",
    "Answer",
    "Argument",
    "BaseProvider",
    "Call",
    "Place",
    "ToolFailed",
    "additions",
    "client_message",
    "discover",
    "importer",
    "observer",
    "problems",
    "processor",
    "provider",
    "store",
    "text_transform",
    "tool",
]
