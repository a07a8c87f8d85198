"""Performing: one admitted call, bounded in time, whose errors stay inside."""

import asyncio
import logging
from typing import Any

from characters.tools import ToolSpec
from sessions_app.session import Outcome
from voicebot.tools.hands import Hands
from voicebot.tools.kinds import KINDS, Answer, Call, ToolFailed
from voicebot.tools.told import told, told_failure

log = logging.getLogger(__name__)


async def perform(
    tool: ToolSpec, arguments: dict[str, Any], hands: Hands
) -> tuple[Outcome, str, Answer | None]:
    """What came of it, what the model is told, what the kind answered. Raises nothing but cancellation."""
    if tool.announcement:
        await hands.say(tool.announcement)
    try:
        async with asyncio.timeout(tool.timeout_secs):
            answer = await KINDS[tool.kind].run(Call(tool, arguments, hands))
    except TimeoutError:
        return "timeout", told_failure("It took too long and was given up."), None
    except ToolFailed as error:
        return "failed", told_failure(str(error), error.words), None
    except Exception as error:  # its text may quote what was said
        log.error("the tool %s of kind %s failed with %s", tool.name, tool.kind, type(error).__name__)
        return "failed", told_failure("It did not work."), None
    answer = answer if isinstance(answer, Answer) else Answer(answer)
    return "ok", told(answer.data), answer
