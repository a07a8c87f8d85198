"""Spending on the dashboard: what two weeks cost, by day, character and provider, and what was used."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from characters.models import Character
from sessions_app.admin.charts import Chart, Figure, lying, standing
from sessions_app.costs import NOTHING, Cost, PriceList, figures
from sessions_app.models import ApiKey

DAYS = 14
MOST_BARS = 8  # lying ones; the rest is one bar


def names_of_characters(slugs: Sequence[str]) -> dict[str, str]:
    return dict(Character.objects.filter(slug__in=slugs).values_list("slug", "name"))


def names_of_keys() -> dict[int, str]:
    return dict(ApiKey.objects.values_list("pk", "name"))


def _whole(amount: int) -> str:
    return formats.number_format(amount, force_grouping=True)


def _figure(label: str, line: figures.Line, currency: str) -> Figure:
    said = figures.words(line.cost, line.unknown_sessions)
    return Figure(label, float(line.cost.of(currency)), said, line.cost.unknown)


def _days(
    found: Sequence[figures.Line], days: Sequence[date], figure: Callable[[str, figures.Line], Figure]
) -> list[Figure]:
    by_day = {line.key: line for line in found}
    nothing = figures.Line(None, {}, NOTHING)
    return [figure(formats.date_format(day, "MONTH_DAY_FORMAT"), by_day.get(day, nothing)) for day in days]


def _largest(found: Sequence[figures.Line], names: dict[Any, str], currency: str) -> list[Figure]:
    ranked = sorted(found, key=lambda line: (line.cost.of(currency), line.tokens), reverse=True)
    shown = [_figure(names.get(line.key) or str(line.key), line, currency) for line in ranked[:MOST_BARS]]
    if rest := ranked[MOST_BARS:]:
        cost = sum((line.cost for line in rest), Cost())
        sessions = sum(line.unknown_sessions for line in rest)
        shown.append(_figure(_("all others"), figures.Line(None, {}, cost, sessions), currency))
    return shown


def charts(today: date | None = None) -> dict[str, Any]:
    """What the dashboard's template shows of usage; nothing where nothing was used."""
    last = today or timezone.localdate()
    days = [last - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    found, prices = figures.between(days[0], last), PriceList.current()
    if not found.exists():
        return {}
    currency = (prices.currencies or [""])[0]
    by_day, whole = figures.lines(found, "day", prices), figures.total(found, prices)
    today_line = next((line for line in by_day if line.key == last), figures.Line(None, {}, NOTHING))
    by_character, by_provider = (figures.lines(found, by, prices) for by in ("character", "provider"))
    names = {"": _("no character"), **names_of_characters([line.key for line in by_character])}
    cost = _("Cost")
    drawn: list[Chart] = [
        standing(
            _("Cost a day"),
            (_("Day"), cost),
            _days(by_day, days, lambda label, line: _figure(label, line, currency)),
        ),
        lying(_("Cost by character"), (_("Character"), cost), _largest(by_character, names, currency)),
        lying(_("Cost by provider"), (_("Provider"), cost), _largest(by_provider, {}, currency)),
        standing(
            _("Tokens a day"),
            (_("Day"), _("Tokens")),
            _days(by_day, days, lambda label, line: Figure(label, line.tokens, _whole(line.tokens))),
        ),
    ]
    return {
        "charts": drawn,
        "total": figures.words(whole.cost, whole.unknown_sessions),
        "today": figures.words(today_line.cost, today_line.unknown_sessions),
        "currency": currency,
        "unpriced": whole.cost.unknown,
    }
