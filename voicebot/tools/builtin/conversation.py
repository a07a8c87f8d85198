"""Hand over to another character, and end with a goodbye."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters import catalog
from characters.exceptions import CharacterNotFound
from characters.tools import Argument
from sessions_app.database import in_database
from voicebot.tools.builtin.everyday import in_language
from voicebot.tools.kinds import Answer, Call, ToolFailed, built_in

MOST_FAREWELL = 400  # characters


@built_in(
    "hand_over",
    gettext_lazy("hand over to another character"),
    "Hands the conversation over to another character, who has heard all of it.",
    [Argument("character", "string", "The address of the character.", required=False)],
    options=["characters"],
)
async def hand_over(call: Call) -> Answer:
    """The option `characters` names those that it may hand over to, one a line; the first is the usual."""
    allowed = str(call.tool.options.get("characters", "")).split()
    wanted = call.arguments.get("character") or (allowed[0] if allowed else "")
    if wanted not in allowed:
        raise ToolFailed(f"It may be one of: {', '.join(allowed) or 'nobody'}.")
    try:
        other = await in_database(catalog.get, wanted)
    except CharacterNotFound as error:
        raise ToolFailed("That character is not on stage.") from error
    call.hands.hand_over(other.slug)
    with in_language(call.language):
        said = _("I will get %(name)s.") % {"name": other.spoken_name}
    return Answer({"coming": other.spoken_name, "say": "one short sentence that they take over now"}, said)


@built_in(
    "goodbye",
    gettext_lazy("end with a goodbye"),
    "Ends the conversation for good, when the visitor wants to go. Say the goodbye in `words`.",
    [Argument("words", "string", "Your goodbye, one sentence.", required=False)],
)
async def goodbye(call: Call) -> Answer:
    with in_language(call.language):
        words = call.arguments.get("words", "").strip()[:MOST_FAREWELL] or _("Goodbye, and take care.")
    await call.hands.say(words)
    call.hands.end()
    return Answer({"ended": True}, final=True)
