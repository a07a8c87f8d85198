"""Telling: what is remembered as it is said to the visitor themselves, for {{memory}} and its kin."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from sessions_app.memories import Recollection

DUE_DAYS = (14, 10)  # a plan is asked about so long after its day, and so long before it
OPEN_DAYS = 21  # one without a day, after it was told
FIRST = ("plan", "note", "life", "taste", "episode", "name")  # what matters most comes first
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]")
_SECOND = (
    ("is ", "you are "), ("has ", "you have "), ("had ", "you had "), ("likes ", "you like "),
    ("does not ", "you do not "), ("lives ", "you live "), ("comes ", "you come "), ("works ", "you work "),
    ("planned ", "you planned "), ("wanted ", "you wanted "),
    ("asked to be remembered: ", "you asked me to remember that "),
)  # fmt: skip
_SWAPS = ((r"\btheir\b", "your"), (r"\bthem\b", "you"), (r"\bthey are\b", "you are"), (r"\bthey\b", "you"))


def to_visitor(text: str) -> str:
    """A memory, which is about the visitor, as it is said to them."""
    if _IDEOGRAPHS.search(text):
        return text if text.startswith(("你", "我们")) else f"你{text}".replace("自己", "你")
    for theirs, yours in _SECOND:
        if text.startswith(theirs):
            words = yours + text.removeprefix(theirs)
            for other, you in _SWAPS:
                words = re.sub(other, you, words)
            return re.sub(r" \(\d{1,2} \w+ \d{4}\)$", "", words)
    return text


def is_due(memory: Recollection, today: date) -> bool:
    """Whether it is time to ask about a plan."""
    if memory.finding.kind != "plan":
        return False
    if not memory.finding.due:
        return today - memory.created_at.date() <= timedelta(days=OPEN_DAYS)
    day = date.fromisoformat(memory.finding.due)
    return day - timedelta(days=DUE_DAYS[1]) <= today <= day + timedelta(days=DUE_DAYS[0])


def macros(known: Sequence[Recollection], language: str, today: date) -> dict[str, str]:
    """What {{memory}}, {{memory::name}} and {{memory::plan}} stand for; {} where nothing is known."""
    if not known:
        return {}
    name = next((memory.finding.value for memory in known if memory.finding.kind == "name"), "")
    plans = sorted(
        (memory for memory in known if is_due(memory, today)), key=lambda m: m.finding.due or "9999"
    )
    others = [memory for memory in known if memory not in plans[:1]]
    best = min(others, key=lambda m: (FIRST.index(m.finding.kind), -m.uses)) if others else plans[0]
    told = {"": to_visitor(best.text), "name": name}
    if plans:
        with translation.override("zh-hans" if language == "zh" else language):
            told["plan"] = _question(plans[0], today, said=best is plans[0])
    return {what: words for what, words in told.items() if words}


def _question(plan: Recollection, today: date, *, said: bool) -> str:
    due = plan.finding.due
    over = bool(due) and date.fromisoformat(due) < today
    asked = _("How did it go?") if over else _("How does it look?")
    if said:
        return asked
    words = to_visitor(plan.text)
    separator = "。" if _IDEOGRAPHS.search(words) else ". "
    return f"{words[:1].upper()}{words[1:]}{separator}{asked}"
