"""Figures of usage and cost: sums over days, by whom and by what, for the desk, the API and budgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.costs.prices import NOTHING, Cost, PriceList
from sessions_app.models import Usage, VoiceSession

PRICED_BY = ("day", "stage", "provider", "model")
DIMENSIONS = ("day", "character", "provider", "model", "source", "api_key", "session_id", "visitor")
CENT, TENTH_OF_A_CENT = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True)
class Line:
    """What was used by one character, on one day and so on, and what it costs."""

    key: Any
    amounts: Mapping[str, int]
    cost: Cost
    unknown_sessions: int = 0

    @property
    def tokens(self) -> int:
        return sum(
            amount
            for name, amount in self.amounts.items()
            if name.endswith("_tokens") and name != "reasoning_tokens"
        )


def between(first: date, last: date) -> QuerySet[Usage]:
    return Usage.objects.filter(day__gte=first, day__lte=last)


def lines(found: QuerySet[Usage], by: str, prices: PriceList) -> list[Line]:
    """Sums of rows `by` one of DIMENSIONS, in its order. What is of no session has the key None there."""
    names = [*dict.fromkeys([*PRICED_BY, "session_id" if by == "visitor" else by])]
    rows = found.order_by().values(*names).annotate(**{name: Sum(name) for name in Usage.AMOUNTS})
    whose = _visitors(found) if by == "visitor" else {}
    amounts: dict[Any, dict[str, int]] = {}
    costs: dict[Any, Cost] = {}
    unknown: dict[Any, set[tuple[Any, ...]]] = {}
    for row in rows:
        key = whose.get(row["session_id"]) if by == "visitor" else row[by]
        sums = amounts.setdefault(key, dict.fromkeys(Usage.AMOUNTS, 0))
        for name in Usage.AMOUNTS:
            sums[name] += row[name]
        cost = prices.cost(row)
        costs[key] = costs.get(key, NOTHING) + cost
        if cost.unknown:
            unknown.setdefault(key, set()).add(tuple(row[name] for name in PRICED_BY))
    keys = sorted(amounts, key=lambda key: (key is None, key if key is not None else ""))
    return [
        Line(key, amounts[key], costs[key], _sessions(found, by, key, unknown.get(key, set())))
        for key in keys
    ]


def total(found: QuerySet[Usage], prices: PriceList) -> Line:
    """All rows in one."""
    every = lines(found, "day", prices)
    sums = {name: sum(line.amounts[name] for line in every) for name in Usage.AMOUNTS}
    cost = sum((line.cost for line in every), NOTHING)
    return Line(None, sums, cost, _unknown_sessions(found, prices) if cost.unknown else 0)


def _visitors(found: QuerySet[Usage]) -> dict[UUID, str]:
    ids = found.filter(session_id__isnull=False).values("session_id")
    return dict(VoiceSession.objects.filter(pk__in=ids).values_list("pk", "visitor"))


def _of(priced_by: set[tuple[Any, ...]]) -> Q:
    return reduce(or_, (Q(**dict(zip(PRICED_BY, values, strict=True))) for values in priced_by))


def _sessions(found: QuerySet[Usage], by: str, key: Any, unknown: set[tuple[Any, ...]]) -> int:
    """In how many sessions something of a line has no known price."""
    if not unknown or by in ("session_id", "visitor"):
        return 0
    return found.filter(_of(unknown), **{by: key}).values("session_id").distinct().count()


def _unknown_sessions(found: QuerySet[Usage], prices: PriceList) -> int:
    rows = found.order_by().values(*PRICED_BY).annotate(**{name: Sum(name) for name in Usage.AMOUNTS})
    unknown = {tuple(row[name] for name in PRICED_BY) for row in rows if prices.cost(row).unknown}
    which = found.filter(_of(unknown), session_id__isnull=False)
    return which.values("session_id").distinct().count()


def as_json(session_id: UUID) -> list[dict[str, Any]]:
    """What a session has used, for its owner: without prices, which are the house's."""
    rows = Usage.objects.filter(session_id=session_id).order_by("day", "stage", "provider", "model")
    sums = rows.values(*PRICED_BY).annotate(**{name: Sum(name) for name in Usage.AMOUNTS})
    return [
        {
            **{name: str(row[name]) for name in PRICED_BY},
            "requests": row["calls"],
            "estimatedRequests": row["estimated"] + row["unmeasured"],
            "inputTokens": row["input_tokens"] + row["input_audio_tokens"] + row["cache_write_tokens"],
            "cachedInputTokens": row["cached_tokens"] + row["cached_audio_tokens"],
            "outputTokens": row["output_tokens"] + row["output_audio_tokens"],
            "reasoningTokens": row["reasoning_tokens"],
            "heardSecs": row["heard_ms"] / 1000,
            "characters": row["characters"],
            "spokenSecs": row["spoken_ms"] / 1000,
        }
        for row in sums
    ]


def money(amount: Decimal, currency: str) -> str:
    """An amount as one writes it: to the cent, smaller ones to a hundredth of one."""
    step = CENT if not amount or abs(amount) >= CENT else TENTH_OF_A_CENT
    rounded = amount.quantize(step, ROUND_HALF_UP)
    return f"{formats.number_format(rounded, force_grouping=True)} {currency}"


def words(cost: Cost, unknown_sessions: int = 0) -> str:
    """A cost in words: "1.23 EUR + unknown: 3 sessions"; "unknown" where nothing of it is known."""
    known = " + ".join(money(amount, currency) for currency, amount in sorted(cost.known.items()))
    if not cost.unknown:
        return known or formats.number_format(0)
    said = _("unknown")
    if unknown_sessions:
        told = ngettext("unknown: %(count)d session", "unknown: %(count)d sessions", unknown_sessions)
        said = told % {"count": unknown_sessions}
    return f"{known} + {said}" if known else said
