"""Coverage of a budget by prices: what it cannot count, since nobody has said what that costs."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from characters.models import Character
from sessions_app.costs.figures import PRICED_BY
from sessions_app.costs.prices import PriceList
from sessions_app.models import Budget, Price, Usage

STAGES = ("stt", "llm", "tts")
LATELY = timedelta(days=30)


def without_price(budget: Budget) -> list[str]:
    """Providers, and models of theirs, that the budget's characters use, without a price in its currency."""
    prices, currency = PriceList.current(), budget.currency
    missing = set()
    for stage, provider in _chosen(budget):
        theirs = Price.objects.filter(stage=stage, provider=provider)
        free, priced = theirs.filter(unit=Price.Unit.FREE), theirs.filter(currency=currency)
        if not free.exists() and not priced.exists():
            missing.add(provider)
    rows = Usage.objects.filter(day__gte=timezone.localdate() - LATELY)
    if budget.character:
        rows = rows.filter(character=budget.character.slug)
    if budget.api_key_id:
        rows = rows.filter(api_key=budget.api_key_id)
    sums = rows.order_by().values(*PRICED_BY).annotate(**{name: Sum(name) for name in Usage.AMOUNTS})
    for row in sums:
        cost = prices.cost(row)
        if (cost.unknown or set(cost.known) - {currency}) and row["provider"] not in missing:
            missing.add(" ".join(filter(None, [row["provider"], row["model"]])))
    return sorted(missing)


def _chosen(budget: Budget) -> set[tuple[str, str]]:
    """The providers of each stage that may serve: of the characters, of the house, and those instead."""
    on_stage = Character.objects.filter(published__isnull=False)
    if budget.character:
        on_stage = on_stage.filter(pk=budget.character.pk)
    found = set()
    for stage in STAGES:
        house = settings.STAGE_PROVIDERS[stage] or settings.DEFAULT_PROVIDER
        own = set(on_stage.values_list(f"{stage}_provider", flat=True)) or {""}
        names = {name or house for name in own} | {getattr(budget, f"{stage}_provider")}
        found |= {(stage, name) for name in names if name}
    return found
