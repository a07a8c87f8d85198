"""What usage costs: exact, by the price of its day; what has no price is unknown, in sums as well."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from sessions_app.costs import Cost, PriceList, figures
from sessions_app.models import Price, Usage

DAY = date(2026, 3, 1)


def price(unit: str, amount: str, **more) -> Price:
    given = {"stage": "llm", "provider": "openai", "currency": "EUR", "valid_from": date(2026, 1, 1)}
    return Price(**{**given, "unit": unit, "price": Decimal(amount), **more})


def row(**amounts) -> dict:
    return {"day": DAY, "stage": "llm", "provider": "openai", "model": "gpt", **amounts}


INPUT, OUTPUT = price("input_tokens", "2.50"), price("output_tokens", "10")


def test_tokens_cost_what_they_cost_to_the_last_digit():
    cost = PriceList([INPUT, OUTPUT, price("cached_tokens", "1.25")]).cost(
        row(input_tokens=200, cached_tokens=1000, output_tokens=20, reasoning_tokens=5, calls=1)
    )
    assert cost == Cost({"EUR": Decimal("0.00195")})


def test_what_has_no_price_is_unknown_and_never_nothing():
    known = PriceList([INPUT]).cost(row(input_tokens=1_000_000, output_tokens=1))
    assert known == Cost({"EUR": Decimal("2.5")}, unknown=True)
    assert PriceList([]).cost(row(input_tokens=1)) == Cost(unknown=True)
    assert figures.words(known, 3) == "2.50 EUR + unknown: 3 sessions"
    assert figures.words(Cost(unknown=True)) == "unknown"
    assert (known + Cost({"USD": Decimal(1)})).unknown


def test_cached_tokens_without_a_price_cost_as_others():
    assert PriceList([INPUT]).cost(row(cached_tokens=1_000_000)).of("EUR") == Decimal("2.5")
    assert PriceList([INPUT]).cost(row(cache_write_tokens=1)).unknown, "that costs more, not less"


def test_sound_costs_no_text_price():
    assert PriceList([INPUT, OUTPUT]).cost(row(input_audio_tokens=1)).unknown


def test_a_request_that_nobody_measured_is_unknown_unless_all_is_free():
    prices = [INPUT, OUTPUT]
    assert PriceList(prices).cost(row(calls=1, unmeasured=1)).unknown
    free = price("free", "0", model="gpt")
    assert PriceList([*prices, free]).cost(row(calls=1, unmeasured=1, output_tokens=9)) == Cost()


def test_a_models_own_price_goes_before_its_providers_and_the_newest_that_is_valid_holds():
    prices = PriceList(
        [
            INPUT,
            price("input_tokens", "5", valid_from=date(2026, 3, 1)),
            price("input_tokens", "9", valid_from=date(2026, 3, 2)),
            price("input_tokens", "0.1", model="mini"),
        ]
    )
    assert prices.cost(row(input_tokens=1_000_000)).of("EUR") == 5
    assert prices.cost({**row(input_tokens=1_000_000), "day": "2026-02-28"}).of("EUR") == Decimal("2.5")
    assert prices.cost({**row(input_tokens=1_000_000), "model": "mini"}).of("EUR") == Decimal("0.1")
    assert prices.cost({**row(input_tokens=1), "day": "2025-12-31"}).unknown


def test_local_is_free_only_if_somebody_says_so():
    local = {**row(input_tokens=10, output_tokens=10), "provider": "local"}
    assert PriceList([INPUT, OUTPUT]).cost(local).unknown
    assert PriceList([price("free", "0", provider="local")]).cost(local) == Cost()


def test_a_voice_is_paid_by_characters_or_by_the_minute():
    said = {**row(characters=1000, spoken_ms=60_000), "stage": "tts"}
    by_letter = price("characters", "15", stage="tts")
    by_minute = price("spoken_ms", "0.015", stage="tts")
    assert PriceList([by_letter]).cost(said) == Cost({"EUR": Decimal("0.015")})
    assert PriceList([by_minute]).cost(said) == Cost({"EUR": Decimal("0.015")})
    assert PriceList([]).cost(said).unknown


def test_ears_are_paid_by_the_minute():
    heard = {**row(heard_ms=90_000), "stage": "stt"}
    assert PriceList([price("heard_ms", "0.006", stage="stt")]).cost(heard).of("EUR") == Decimal("0.009")


def test_currencies_are_not_mixed():
    both = Cost({"EUR": Decimal("1.234")}) + Cost({"USD": Decimal("0.0004")})
    assert figures.words(both) == "1.23 EUR + 0.0004 USD"


@pytest.mark.parametrize(
    "wrong",
    [
        price("heard_ms", "1"),
        price("free", "1"),
        price("input_tokens", "-1"),
        price("input_tokens", "1", currency="euro"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_price_is_refused_with_a_sentence(wrong):
    with pytest.raises(ValidationError):
        wrong.full_clean()


@pytest.mark.django_db
def test_lines_sum_by_whatever_is_asked_and_count_sessions_of_unknown_price():
    sessions = [uuid4() for _ in range(4)]
    for number, session in enumerate(sessions):
        Usage.objects.create(
            session_id=session,
            part=uuid4(),
            day=DAY,
            stage="llm",
            provider="openai" if number == 0 else "acme",
            character="marlow" if number < 3 else "vera",
            calls=1,
            input_tokens=1_000_000,
        )
    found, prices = figures.between(DAY, DAY), PriceList([INPUT])
    whole = figures.total(found, prices)
    assert figures.words(whole.cost, whole.unknown_sessions) == "2.50 EUR + unknown: 3 sessions"
    marlow, vera = figures.lines(found, "character", prices)
    assert (marlow.key, marlow.tokens, marlow.unknown_sessions) == ("marlow", 3_000_000, 2)
    assert (vera.cost, vera.unknown_sessions) == (Cost(unknown=True), 1)
    assert [line.key for line in figures.lines(found, "session_id", prices)] == sorted(sessions)
