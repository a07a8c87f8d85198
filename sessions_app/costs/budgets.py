"""Budgets: whether something may still be spent, asked at each start and turn, over all processes.

What was spent is read from the database, where every turn of every process writes it, at most once in
FRESH_SECS; between two reads nobody asks it. So a budget is exceeded by what is spent in that time, and by a
reply.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from characters import addresses
from sessions_app.costs.counting import Row
from sessions_app.costs.figures import PRICED_BY
from sessions_app.costs.prices import NOTHING, Cost, PriceList
from sessions_app.database import database_clock
from sessions_app.exceptions import BudgetSpent
from sessions_app.models import Budget, Usage

FRESH_SECS = 10.0
STAGES = ("stt", "llm", "tts")


@dataclass(frozen=True)
class Verdict:
    """What budgets say: the one that is spent, if one is; and what serves instead, by fields of a spec."""

    spent: Budget | None = None
    instead: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Known:
    """As the database has it at one moment."""

    budgets: Sequence[Budget] = ()
    prices: PriceList = field(default_factory=lambda: PriceList([]))
    spent: Mapping[tuple[str, int], Cost] = field(default_factory=dict)  # today, by character and key


def instead_of(budget: Budget) -> dict[str, Any]:
    """What a budget that is nearly spent makes of a character's services: fields of its spec."""
    named = {stage: getattr(budget, f"{stage}_provider") for stage in STAGES}
    found: dict[str, Any] = {}
    for stage, provider in named.items():
        if provider:
            found |= {f"{stage}_provider": provider, f"{stage}_model": ""}
    if named["llm"]:
        found["speech_to_speech_provider"] = ""
    return found


class Budgets:
    """Those of one process. Asks the database: call it in a database thread."""

    def __init__(
        self,
        clock: Callable[[], datetime] = database_clock.carried,
        ticks: Callable[[], float] = time.monotonic,
    ):
        self._clock, self._ticks = clock, ticks
        self._lock = threading.Lock()
        self._known = _Known()
        self._read_at = -FRESH_SECS

    def forget(self) -> None:
        """The next question reads anew."""
        self._read_at = -FRESH_SECS

    def _fresh(self) -> _Known:
        with self._lock:
            if self._ticks() - self._read_at >= FRESH_SECS:
                self._known, self._read_at = self._read(), self._ticks()
            return self._known

    def _read(self) -> _Known:
        budgets = list(Budget.objects.filter(active=True).select_related("character"))
        if not budgets:
            return _Known()
        prices = PriceList.current()
        if all(budget.period == Budget.Period.SESSION for budget in budgets):
            return _Known(budgets, prices)
        today = timezone.localtime(self._clock()).date()
        names = [*PRICED_BY, "character", "api_key"]
        rows = Usage.objects.filter(day=today).order_by().values(*names)
        spent: dict[tuple[str, int], Cost] = {}
        for row in rows.annotate(**{name: Sum(name) for name in Usage.AMOUNTS}):
            who = row["character"], row["api_key"]
            spent[who] = spent.get(who, NOTHING) + prices.cost(row)
        return _Known(budgets, prices, spent)

    def verdict(self, character: str, api_key: int = 0, session: Cost = NOTHING) -> Verdict:
        """Whether a session that has cost so much may go on."""
        known = self._fresh()
        first: Budget | None = None
        instead: dict[str, Any] = {}
        for budget in known.budgets:
            if not _fits(budget, character, api_key):
                continue
            of_session = budget.period == Budget.Period.SESSION
            spent = session.of(budget.currency) if of_session else _of_day(known, budget)
            if spent >= budget.amount:
                first = first or budget
            if 100 * spent >= budget.step_at * budget.amount:
                instead |= instead_of(budget)
        return Verdict(first, instead)

    def cost(self, row: Row) -> Cost:
        """The cost of a row of a meter; nothing is known where there are no budgets."""
        return self._fresh().prices.cost(row)

    def earlier(self, session_id: UUID) -> Cost:
        """What a session has cost so far, by what is written; nothing where no session has a budget."""
        known = self._fresh()
        if not any(budget.period == Budget.Period.SESSION for budget in known.budgets):
            return NOTHING
        rows = Usage.objects.filter(session_id=session_id).order_by().values(*PRICED_BY)
        sums = rows.annotate(**{name: Sum(name) for name in Usage.AMOUNTS})
        return sum(map(known.prices.cost, sums), NOTHING)

    def check(self, character: str, api_key: int = 0) -> None:
        """Before a session begins or goes on. Raises BudgetSpent."""
        if not self._fresh().budgets:
            return
        character = addresses.now_of(character) or character
        spent = self.verdict(character, api_key).spent
        if spent is not None:
            raise BudgetSpent(retry_after_secs=self.secs_to_midnight())

    def secs_to_midnight(self) -> int:
        """Until the house's next day."""
        now = timezone.localtime(self._clock())
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return max(1, round((tomorrow - now).total_seconds()))


def _fits(budget: Budget, character: str, api_key: int) -> bool:
    whose = budget.character.slug if budget.character else character
    return whose == character and budget.api_key_id in (None, api_key)


def _of_day(known: _Known, budget: Budget) -> Decimal:
    slug = budget.character.slug if budget.character else None
    costs = (
        cost
        for (character, api_key), cost in known.spent.items()
        if slug in (None, character) and budget.api_key_id in (None, api_key)
    )
    return sum((cost.of(budget.currency) for cost in costs), Decimal(0))
