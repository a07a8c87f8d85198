"""What is said of a call's result where no model reads it."""

from django.utils.translation import gettext as _

from characters.tools import ToolSpec
from voicebot.tools import builtin
from voicebot.tools.toolbox import Done

SAID_CHARACTERS = 300  # of a result that is said as it is


def said_of(tool: ToolSpec, done: Done, language: str) -> str:
    """The tool's own sentence with its result, its kind's, or the result; '' where nothing is to be said."""
    if done.answer is None:
        with builtin.in_language(language):
            return _("That did not work just now.")
    if done.answer.final:
        return ""
    data = done.answer.data
    result = (
        data
        if isinstance(data, str)
        else ", ".join(map(str, data.values() if isinstance(data, dict) else [data]))
    )
    result = " ".join(str(result).split())[:SAID_CHARACTERS]
    if tool.sentence:
        return tool.sentence.replace("{result}", result)
    return done.answer.said or result
