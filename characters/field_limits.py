"""Field limits: how long each text of a character may be, in the form and at import alike."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

TEXT_CHARACTERS = 65_536  # of one field of a prompt; cards of the community have up to 30,000
EXAMPLES_CHARACTERS = 524_288  # of all example exchanges: two thousand, in several wordings
SPOKEN_CHARACTERS = 8_192  # of a greeting: nobody listens to more
NOTE_CHARACTERS = 65_536  # of what no model reads: notes, comments
KEY_CHARACTERS = 1_000  # of one key of a lorebook entry, pattern or not
KEYS = 200  # of one entry, and of its secondary keys
LIST_ITEMS = 200  # greetings, tags
TOKEN_BUDGET = 32_000  # of a lorebook, on one turn
SCAN_DEPTH = 1_000  # messages
NAME_CHARACTERS = 200  # of a tag
MEMORY_KINDS = ("name", "life", "taste", "plan", "note", "episode")  # of what may be remembered of visitors

_TEXTS = {
    "system_prompt": TEXT_CHARACTERS,
    "description": TEXT_CHARACTERS,
    "personality": TEXT_CHARACTERS,
    "scenario": TEXT_CHARACTERS,
    "post_history": TEXT_CHARACTERS,
    "depth_prompt": TEXT_CHARACTERS,
    "examples": EXAMPLES_CHARACTERS,
    "greeting": SPOKEN_CHARACTERS,
    "returning_greeting": SPOKEN_CHARACTERS,
    "about": NOTE_CHARACTERS,
    "content": TEXT_CHARACTERS,
    "comment": NOTE_CHARACTERS,
}
_LISTS = {
    "alternate_greetings": (LIST_ITEMS, SPOKEN_CHARACTERS),
    "tags": (LIST_ITEMS, NAME_CHARACTERS),
    "keys": (KEYS, KEY_CHARACTERS),
    "secondary_keys": (KEYS, KEY_CHARACTERS),
}
_NUMBERS = {"lore_scan_depth": SCAN_DEPTH, "lore_token_budget": TOKEN_BUDGET}
_NAMES = (  # of these fields; those that are not here are words of the form already
    gettext_noop("system prompt"),
    gettext_noop("post history"),
    gettext_noop("depth prompt"),
    gettext_noop("alternate greetings"),
    gettext_noop("returning greeting"),
    gettext_noop("lore scan depth"),
    gettext_noop("lore token budget"),
)


def named(name: str) -> str:
    """A field as a sentence on it names it, in the editor's language."""
    return _(name.replace("_", " "))


def _numbers(most: int, now: int) -> dict[str, str]:
    return {"most": f"{most:,}", "now": f"{now:,}"}


def too_long(fields: Mapping[str, Any]) -> dict[str, str]:
    """What is too long of a character's fields, or of an entry's, each with a sentence for its editor."""
    found = {}
    for name, value in fields.items():
        if (most := _TEXTS.get(name)) and isinstance(value, str) and len(value) > most:
            found[name] = _("At most %(most)s characters; these are %(now)s.") % _numbers(most, len(value))
        elif name in _LISTS and isinstance(value, list):
            items, most = _LISTS[name]
            longest = max((len(str(item)) for item in value), default=0)
            if len(value) > items:
                found[name] = _("At most %(most)s; these are %(now)s.") % _numbers(items, len(value))
            elif longest > most:
                found[name] = _("Each may have %(most)s characters; one has %(now)s.") % _numbers(
                    most, longest
                )
        elif (most := _NUMBERS.get(name)) and isinstance(value, (int, float)) and value > most:
            found[name] = _("At most %(most)s.") % _numbers(most, 0)
    return found
