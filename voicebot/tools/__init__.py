"""Tools that characters call: their kinds, what limits them, how one runs and what its model is told."""

from voicebot.tools import builtin
from voicebot.tools.audit import used_before
from voicebot.tools.hands import Hands
from voicebot.tools.kinds import KINDS, Answer, Call, Kind, ToolFailed, add_kind
from voicebot.tools.limits import Limits
from voicebot.tools.toolbox import Done, Toolbox

__all__ = [
    "KINDS",
    "Answer",
    "Call",
    "Done",
    "Hands",
    "Kind",
    "Limits",
    "ToolFailed",
    "Toolbox",
    "add_kind",
    "builtin",
    "used_before",
]
