"""What usage costs, by the prices that operators have entered: known by currency, or unknown; never a mere 0.

Amounts are Decimal throughout. Nothing is converted from one currency into another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sessions_app.models import Price

# What has no price of its own costs what this does: a provider that gives no discount for it.
ELSE = {"cached_tokens": "input_tokens", "cached_audio_tokens": "input_audio_tokens"}
EITHER = {"tts": ("characters", "spoken_ms")}  # of these it is enough to have a price of one


@dataclass(frozen=True)
class Cost:
    """What is known of a cost, by currency, and whether that is not all of it."""

    known: Mapping[str, Decimal] = field(default_factory=dict)
    unknown: bool = False

    def __add__(self, other: "Cost") -> "Cost":
        known = dict(self.known)
        for currency, amount in other.known.items():
            known[currency] = known.get(currency, Decimal(0)) + amount
        return Cost(known, self.unknown or other.unknown)

    def of(self, currency: str) -> Decimal:
        return self.known.get(currency, Decimal(0))


NOTHING = Cost()


class PriceList:
    """Prices as they are at one moment."""

    def __init__(self, prices: Iterable[Price]):
        self._prices: dict[tuple[str, str], list[Price]] = {}
        for price in prices:
            self._prices.setdefault((price.stage, price.provider), []).append(price)

    @classmethod
    def current(cls) -> "PriceList":
        """Those of the database."""
        return cls(Price.objects.all())

    @property
    def currencies(self) -> list[str]:
        """In which something costs something, the most used first."""
        used: dict[str, int] = {}
        for prices in self._prices.values():
            for price in prices:
                if price.price:
                    used[price.currency] = used.get(price.currency, 0) + 1
        return sorted(used, key=lambda currency: (-used[currency], currency))

    def _price(self, row: Mapping[str, Any], unit: str) -> Price | None:
        """The price of an amount: a model's own before its provider's, the newest that is valid."""
        day = row["day"] if isinstance(row["day"], date) else date.fromisoformat(row["day"])
        fitting = [
            price
            for price in self._prices.get((row["stage"], row["provider"]), ())
            if price.unit in (unit, Price.Unit.FREE)
            and price.model in ("", row["model"])
            and price.valid_from <= day
        ]
        own = [price for price in fitting if price.model]
        return max(own or fitting, key=lambda price: price.valid_from, default=None)

    def cost(self, row: Mapping[str, Any]) -> Cost:
        """The cost of a row of usage, by the names of `Usage`; amounts that are 0 may be missing."""
        stage = row["stage"]
        units = [unit for unit in Price.STAGES.get(stage, ()) if row.get(unit)]
        found = {
            unit: self._price(row, unit) or (self._price(row, ELSE[unit]) if unit in ELSE else None)
            for unit in units
        }
        priced = {unit: price for unit, price in found.items() if price is not None}
        total = NOTHING
        for unit, price in priced.items():
            if price.price:
                per = Price.PER[price.unit]
                total += Cost({price.currency: Decimal(row[unit]) * price.price / per})
        enough = EITHER.get(stage, ())
        unknown = len(priced) < len(units) and not (priced and enough)
        if row.get("unmeasured") and not self._free(row):
            unknown = True
        return Cost(total.known, unknown)

    def _free(self, row: Mapping[str, Any]) -> bool:
        """Whether it costs nothing, however much of it was used."""
        price = self._price(row, Price.Unit.FREE)
        return price is not None and all(
            found is not None and found.unit == Price.Unit.FREE
            for found in (self._price(row, unit) for unit in Price.STAGES.get(row["stage"], ()))
        )
