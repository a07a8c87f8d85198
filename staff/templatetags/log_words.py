"""Words of the admin's log in its reader's language; it keeps ours in English, as the audit trail has it."""

import re

from django import template
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext, gettext_noop

register = template.Library()
NUMBER = re.compile(r"\d+")
OURS = (  # with a number for %(number)s
    gettext_noop("Published version %(number)s."),
    gettext_noop("Took up version %(number)s."),
    gettext_noop("Withdrawn."),
    gettext_noop("Imported a card."),
    gettext_noop("Updated by a card."),
    gettext_noop("Brought back."),
    gettext_noop("Copied."),
)


@register.filter
def told(entry: LogEntry) -> str:
    """What an entry says. What we wrote, such as “Published version 3.”, is translated with its number."""
    said = str(entry.get_change_message())
    if said != entry.change_message or not said:
        return said  # Django's own: it has been translated
    numbers = NUMBER.findall(said)
    if len(numbers) != 1:
        return gettext(said)
    return gettext(NUMBER.sub("%(number)s", said)) % {"number": numbers[0]}
