"""Remember and forget: what a visitor asks to be kept or dropped, with their consent alone."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from characters.tools import Argument
from sessions_app.memories import Bounds, Finding, Memories
from voicebot.memories import YES, is_sensitive
from voicebot.tools.builtin.everyday import in_language
from voicebot.tools.kinds import Answer, Call, ToolFailed, built_in

FACT_CHARACTERS = 200

memories = Memories()


@built_in(
    "remember",
    gettext_lazy("remember"),
    "Keeps something that the visitor asks you to remember, also for later conversations.",
    [Argument("fact", "string", 'What to keep of them, without a subject: "has a dog called Pip".')],
)
async def remember(call: Call) -> Answer:
    state, fact = call.state, " ".join(call.arguments["fact"].split())[:FACT_CHARACTERS]
    remembering, spec = state.context.remembering, state.spec
    if not remembering.remembers or "note" not in spec.memory_kinds:
        raise ToolFailed("You remember nothing beyond this conversation. Tell them so.")
    if remembering.consent != YES:
        raise ToolFailed("The visitor has not agreed that you remember them. Ask whether you may.")
    if is_sensitive(fact):
        raise ToolFailed("That is too private to be kept. Tell them so.")
    finding = Finding(fact, "note", session=str(state.session.id), said=state.context.writer.sequence)
    bounds = Bounds(spec.memory_most, spec.memory_days, frozenset(spec.memory_kinds))
    await memories.add(state.session.visitor, spec.slug, [finding], bounds)
    await remembering.changed()
    with in_language(call.language):
        return Answer({"kept": True}, _("I will remember that."))


@built_in(
    "forget",
    gettext_lazy("forget"),
    "Forgets something that you remember of the visitor, when they ask you to.",
    [Argument("about", "string", "What it is about, in their words; empty for everything.", required=False)],
)
async def forget(call: Call) -> Answer:
    state, about = call.state, call.arguments.get("about", "").strip()
    gone = await state.context.remembering.forget(about, state.context.writer.sequence)
    with in_language(call.language):
        said = _("I have forgotten it.") if gone else _("I remember nothing of it.")
    return Answer({"forgotten": gone}, said)
