"""Budgets: whom they are for, when they step down, when they are spent, and how often anybody is asked."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.costs import Budgets, Cost
from sessions_app.costs.budgets import FRESH_SECS
from sessions_app.exceptions import BudgetSpent
from sessions_app.identity import api_keys
from sessions_app.models import Budget, Price, Usage
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


class Ticks:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def budgets(clock, ticks):
    make_character()
    Price.objects.create(
        stage="llm", provider="openai", unit="output_tokens", price=1, currency="EUR", valid_from=DAY
    )
    return Budgets(clock, ticks)


def spend(euros: str, character: str = "marlow", api_key: int = 0, day: date = DAY, **more) -> None:
    Usage.objects.create(
        session_id=uuid4(),
        part=uuid4(),
        day=day,
        stage="llm",
        provider=more.get("provider", "openai"),
        character=character,
        api_key=api_key,
        calls=1,
        output_tokens=int(Decimal(euros) * 1_000_000),
    )


def budget(amount: str = "1", **more) -> Budget:
    return Budget.objects.create(amount=Decimal(amount), **more)


def test_a_house_without_budgets_asks_once_in_a_while(budgets, ticks):
    with CaptureQueriesContext(connection) as asked:
        for _ in range(50):
            budgets.check("marlow")
    assert len(asked) == 1
    ticks.now += FRESH_SECS
    with CaptureQueriesContext(connection) as asked:
        budgets.check("marlow")
    assert len(asked) == 1


def test_what_was_spent_is_read_once_in_a_while_however_many_ask(budgets, ticks):
    budget()
    spend("0.4")
    with CaptureQueriesContext(connection) as asked:
        for _ in range(50):
            assert budgets.verdict("marlow").spent is None
    assert len(asked) == 3
    spend("0.7")
    assert budgets.verdict("marlow").spent is None
    ticks.now += FRESH_SECS
    assert budgets.verdict("marlow").spent


def test_the_house_a_character_and_a_key_have_budgets_of_their_own(budgets):
    key, _text = api_keys.issue("partner", [])
    budget("10")
    budget("2", character_id=make_character(slug="vera").pk)
    budget("1", api_key=key)
    spend("2", character="vera")
    spend("1", api_key=key.pk)
    assert budgets.verdict("marlow").spent is None
    assert budgets.verdict("vera").spent.character.slug == "vera"
    assert budgets.verdict("marlow", key.pk).spent.api_key == key


def test_a_day_is_over_at_midnight_of_the_house(budgets, clock, settings):
    settings.TIME_ZONE = "Asia/Shanghai"
    budget()
    clock.now = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
    spend("1")
    with pytest.raises(BudgetSpent) as refused:
        budgets.check("marlow")
    assert refused.value.retry_after_secs == 3600
    clock.now = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    budgets.forget()
    budgets.check("marlow")


def test_it_steps_down_before_it_is_spent(budgets):
    budget(step_at=50, llm_provider="local", tts_provider="local")
    spend("0.49")
    assert budgets.verdict("marlow") == type(budgets.verdict("marlow"))()
    spend("0.01")
    budgets.forget()
    verdict = budgets.verdict("marlow")
    assert verdict.spent is None
    assert verdict.instead == {
        "llm_provider": "local",
        "llm_model": "",
        "tts_provider": "local",
        "tts_model": "",
        "speech_to_speech_provider": "",
    }


def test_a_session_has_a_budget_of_its_own(budgets):
    budget(period="session", step_at=100)
    spend("5")
    assert budgets.verdict("marlow", session=Cost({"EUR": Decimal("0.99")})).spent is None
    assert budgets.verdict("marlow", session=Cost({"EUR": Decimal(1)})).spent
    assert budgets.verdict("marlow", session=Cost({"USD": Decimal(9)})).spent is None


def test_a_session_that_comes_back_has_spent_what_it_had(budgets):
    budget(period="session")
    spend("0.6")
    session = Usage.objects.get().session_id
    assert budgets.earlier(session) == Cost({"EUR": Decimal("0.6")})
    assert budgets.earlier(uuid4()) == Cost()


def test_what_is_off_does_not_hold(budgets):
    budget(active=False)
    spend("9")
    budgets.check("marlow")


def test_saving_one_tells_of_what_the_price_is_not_known(admin_client, budgets, settings):
    settings.DEFAULT_PROVIDER = "scripted"
    spend("1", provider="acme")
    Usage.objects.update(day=datetime.now(tz=UTC).date())
    given = {"period": "day", "amount": "5", "currency": "EUR", "active": "on", "step_at": "80"}
    answer = admin_client.post("/admin/sessions_app/budget/add/", {**given, "line": ""}, follow=True)
    page = answer.content.decode()
    assert "Of these the price in EUR is not known, so that they do not count: acme, scripted." in page
    Price.objects.all().delete()
    for stage in ("stt", "llm", "tts"):
        for provider in ("acme", "scripted"):
            Price.objects.create(stage=stage, provider=provider, unit="free", valid_from=DAY)
    answer = admin_client.post("/admin/sessions_app/budget/add/", {**given, "line": ""}, follow=True)
    assert "is not known" not in answer.content.decode()
