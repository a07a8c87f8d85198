"""A meter: what one connection, or one request of the desk's, has used so far."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from sessions_app.costs.counting import Row, packed
from sessions_app.database import database_clock
from sessions_app.models import Usage

TALK = Usage.Source.TALK.value


class Meter:
    """Totals that only grow, by day, stage, provider, model, character and what they were for."""

    def __init__(
        self,
        part: UUID | None = None,
        *,
        character: str = "",
        api_key: int = 0,
        source: str = TALK,
        clock: Callable[[], datetime] = database_clock.carried,
    ):
        self.character, self._api_key, self._part, self._source = character, api_key, part, source
        self._clock = clock
        self._totals: dict[tuple[str, ...], dict[str, int]] = {}
        self._changed: set[tuple[str, ...]] = set()
        self.settle: Callable[[], None] = lambda: None  # called before the meter is read

    def of(self, character: str, api_key: int) -> None:
        """What is used from now on is this character's, in a session that began by this key."""
        self.character, self._api_key = character, api_key

    def add(self, stage: str, provider: str, model: str, *, source: str = "", **amounts: int) -> None:
        """Counts one request, or a part of one; `amounts` by `Usage.AMOUNTS`."""
        day = timezone.localtime(self._clock()).date().isoformat()
        key = (day, stage, provider, model, self.character, source or self._source)
        total = self._totals.setdefault(key, {})
        for name, amount in amounts.items():
            if amount:
                total[name] = total.get(name, 0) + amount
        self._changed.add(key)

    def _row(self, key: tuple[str, ...]) -> dict[str, Any]:
        return {
            **({"part": self._part.hex} if self._part else {}),
            **dict(zip(Usage.KEY, key, strict=True)),
            "api_key": self._api_key,
            **self._totals[key],
        }

    def rows(self) -> list[Row]:
        """All totals."""
        self.settle()
        return [self._row(key) for key in self._totals]

    def take_changed(self) -> str:
        """The totals that have grown since this was asked last, `packed`."""
        self.settle()
        changed, self._changed = sorted(self._changed), set()
        return packed(self._row(key) for key in changed)

    def give_back(self) -> None:
        """What was taken could not be written: all totals are taken again."""
        self._changed |= self._totals.keys()
