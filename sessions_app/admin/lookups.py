"""Admin lookups: a list's address may ask for the filters that the list shows, and no others."""

import re
from typing import Any, ClassVar

from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

CHOSEN = frozenset({"exact", "in", "isnull"})  # by filters
DATES = frozenset({"gte", "lt", "year", "month", "day"})  # by the hierarchy of dates


class OwnFilters:
    """Mixed into a ModelAdmin, before it. Anything else is answered with 400.

    Django lets an address filter by every column of the row: so whoever may see a list could find out, letter
    by letter, what it does not show, and what a column cannot be compared with was an error page.
    """

    list_filter: ClassVar[Any]
    date_hierarchy: ClassVar[Any]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        field, *rest = lookup.split(LOOKUP_SEP)
        shown = {*map(_name, self.list_filter), self.date_hierarchy}
        if field not in shown or "\0" in str(value):
            return False
        if rest and rest[-1] not in (DATES | CHOSEN if field == self.date_hierarchy else CHOSEN):
            return False
        if rest and rest[-1] in {"year", "month", "day"} and not re.fullmatch(r"[0-9]{1,4}", str(value)):
            return False
        return bool(super().lookup_allowed(lookup, value, request))  # type: ignore[misc]


def _name(shown: Any) -> str:
    """What a filter of the list is called in the address: a field, a field and its filter, or a filter."""
    if isinstance(shown, str):
        return shown
    return str(shown[0] if isinstance(shown, tuple) else shown.parameter_name)
