"""Time and date in the visitor's zone, dice, and a timer that speaks up."""

import secrets
from datetime import datetime

from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from characters.tools import Argument
from voicebot.tools.kinds import Answer, Call, ToolFailed, built_in

MOST_DICE, MOST_SIDES = 20, 1_000
MOST_TIMER_SECS = 4 * 3600
DJANGO_LANGUAGES = {"zh": "zh-hans"}

chance = secrets.SystemRandom()


def in_language(code: str) -> translation.override:
    """What is said is in the character's language, where the house has it; otherwise in English."""
    return translation.override(DJANGO_LANGUAGES.get(code, code))


def now_of(call: Call) -> datetime:
    """Now, by the clock of the visitor's zone, `metadata.timeZone`, or of the house's."""
    return call.state.moment().time(call.state.session.metadata)


@built_in("clock", gettext_lazy("time and date"), "The time and date where the visitor is.")
async def clock(call: Call) -> Answer:
    now = now_of(call)
    with in_language(call.language):
        time, day = formats.time_format(now, "TIME_FORMAT"), formats.date_format(now, "DATE_FORMAT")
        said = _("It is %(time)s, on %(day)s.") % {"time": time, "day": day}
    data = {"date": now.date().isoformat(), "weekday": now.strftime("%A"), "time": now.strftime("%H:%M")}
    return Answer({**data, "zone": str(now.tzinfo)}, said)


@built_in(
    "dice",
    gettext_lazy("dice"),
    "Rolls dice. Never make up a roll yourself.",
    [
        Argument("count", "integer", "How many dice, 1 if not said.", required=False),
        Argument("sides", "integer", "How many sides each has, 6 if not said.", required=False),
    ],
)
async def dice(call: Call) -> Answer:
    count, sides = call.arguments.get("count", 1), call.arguments.get("sides", 6)
    if not 1 <= count <= MOST_DICE or not 2 <= sides <= MOST_SIDES:
        raise ToolFailed(f"From 1 to {MOST_DICE} dice of 2 to {MOST_SIDES} sides.")
    rolled = [chance.randint(1, sides) for _number in range(count)]
    with in_language(call.language):
        said = ngettext("The die shows %(total)d.", "The dice show %(total)d in all.", count)
    return Answer({"rolled": rolled, "total": sum(rolled)}, said % {"total": sum(rolled)})


@built_in(
    "timer",
    gettext_lazy("timer"),
    "Sets a timer. You will be told when it has run out, and then you speak up.",
    [
        Argument("seconds", "integer", "In how many seconds."),
        Argument("about", "string", "What it is for, in a few words.", required=False),
    ],
)
async def timer(call: Call) -> Answer:
    secs, about = call.arguments["seconds"], call.arguments.get("about", "")[:80]
    if not 1 <= secs <= MOST_TIMER_SECS:
        raise ToolFailed(f"From 1 to {MOST_TIMER_SECS} seconds.")
    hands = call.hands

    async def over() -> None:
        await hands.show({"type": "timer", "over": True, "about": about})
        await hands.speak_up(
            f"(The timer of {secs} seconds has run out{_for(about)}. Tell the visitor in one sentence.)"
        )

    hands.later(secs, over)
    await hands.show({"type": "timer", "over": False, "about": about, "inSecs": secs})
    with in_language(call.language):
        said = _("I will speak up when the time is over.")
    return Answer({"set": True, "seconds": secs}, said)


def _for(about: str) -> str:
    plain = " ".join("".join(" " if mark in '(){}<>[]"' else mark for mark in about).split())
    return f', which the visitor called "{plain}"' if plain else ""
