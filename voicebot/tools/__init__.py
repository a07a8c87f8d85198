"""Tools that characters call: their kinds, what limits them, how one runs and what its model is told."""

from voicebot.tools import builtin, mcp, webhooks
from voicebot.tools.audit import used_before
from voicebot.tools.callers import called_by, calls_functions, has_meanings, verdicts
from voicebot.tools.desk import Desk
from voicebot.tools.hands import Hands
from voicebot.tools.kinds import KINDS, Answer, Call, Kind, Run, ToolFailed, add_kind
from voicebot.tools.limits import Limits
from voicebot.tools.mcp import ToolServers
from voicebot.tools.said import said_of
from voicebot.tools.toolbox import Done, Toolbox

__all__ = [
    "KINDS",
    "Answer",
    "Call",
    "Desk",
    "Done",
    "Hands",
    "Kind",
    "Limits",
    "Run",
    "ToolFailed",
    "ToolServers",
    "Toolbox",
    "add_kind",
    "builtin",
    "called_by",
    "calls_functions",
    "has_meanings",
    "mcp",
    "said_of",
    "used_before",
    "verdicts",
    "webhooks",
]
