"""Reasons for editors: kept as they are found, put into words of their language where they are read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext


class Reason(NamedTuple):
    """A sentence with values for its {places}; a value may be a reason itself."""

    template: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        """In the reader's language."""
        return gettext(self.template).format(**{name: str(value) for name, value in self.values.items()})


def because(template: str, **values: Any) -> Reason:
    """A reason; `scripts/messages.py` collects its template for translation."""
    return Reason(template, values)
