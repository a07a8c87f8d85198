"""The desk's figures of usage and cost: on the dashboard, as a page, as CSV, and for whom."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from sessions_app.manager import SyncSessionManager
from sessions_app.models import Price, Usage
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db
PAGE, FILE = "/admin/sessions_app/usage/", "/admin/sessions_app/usage/csv/"


@pytest.fixture
def used():
    """A priced and an unpriced provider, of a character with a name."""
    make_character()
    session = SyncSessionManager().create(character="marlow", visitor="anon:me")
    priced(unit="input_tokens", price=Decimal("2.50"))
    priced(unit="output_tokens", price=Decimal(10))
    for provider, day in (
        ("openai", timezone.localdate()),
        ("acme", timezone.localdate() - timedelta(days=1)),
    ):
        Usage.objects.create(
            session_id=session.id,
            part=uuid4(),
            day=day,
            stage="llm",
            provider=provider,
            character="marlow",
            calls=2,
            input_tokens=400_000,
            output_tokens=23_000,
        )
    return session


def priced(**what) -> Price:
    given = {"stage": "llm", "provider": "openai", "currency": "EUR", "valid_from": date(2026, 1, 1)}
    return Price.objects.create(**given, **what)


def test_the_dashboard_tells_what_it_costs_and_what_is_unknown(admin_client, used):
    page = admin_client.get("/admin/").content.decode()
    assert "In the last two weeks: 1.23 EUR + unknown: 1 session. Today: 1.23 EUR." in page
    for title in ("Cost a day", "Cost by character", "Cost by provider", "Tokens a day"):
        assert f'role="img" aria-label="{title}"' in page
    assert page.count('class="desk-unknown"') == 1
    assert "<td>unknown: 1 session</td>" in page, "of yesterday, in the table"
    assert "Captain Marlow" in page


def test_a_house_that_has_used_nothing_has_no_charts_of_it(admin_client):
    assert "What it costs" not in admin_client.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("by", "label"),
    [
        ("day", ""),
        ("character", "Captain Marlow"),
        ("provider", "acme"),
        ("model", "none of these"),
        ("source", "conversation"),
        ("visitor", "Guest me"),
        ("session_id", ""),
        ("api_key", "none"),
        ("'; DROP TABLE", ""),
    ],
)
def test_the_page_sums_by_whatever_is_asked(admin_client, used, by, label):
    page = admin_client.get(PAGE, {"by": by, "days": "30"}).content.decode()
    assert "Together: 1.23 EUR + unknown: 1 session" in page
    assert label in page
    if by == "session_id":
        assert f"/admin/sessions_app/voicesession/{used.id}/change/" in page


def test_the_csv_has_plain_numbers_and_leaves_the_unknown_empty(admin_client, used):
    Usage.objects.filter(provider="acme").update(provider="=HYPERLINK(1)")
    answer = admin_client.get(FILE, {"by": "provider", "days": "14"})
    assert answer["Content-Type"].startswith("text/csv")
    free, known = csv.DictReader(io.StringIO(b"".join(answer).decode()))
    assert (free["provider"], free["cost_EUR"], free["unknown"]) == ("'=HYPERLINK(1)", "", "1")
    assert (known["input_tokens"], known["unknown"]) == ("400000", "0")
    assert Decimal(known["cost_EUR"]) == Decimal("1.23")


@pytest.mark.parametrize(
    ("role", "sees", "prices"), [("Editor", 403, 403), ("Moderator", 200, 403), ("Operator", 200, 200)]
)
def test_operators_keep_prices_and_moderators_see_what_is_used(client, used, role, sees, prices):
    user = User.objects.create_user("robin", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    assert client.get(PAGE).status_code == sees
    assert client.get(FILE).status_code == sees
    assert client.get("/admin/sessions_app/price/add/").status_code == prices
    assert ("What it costs" in client.get("/admin/").content.decode()) == (sees == 200)


def test_nobody_adds_or_changes_usage(admin_client, used):
    row = Usage.objects.first()
    assert admin_client.get(f"{PAGE}add/").status_code == 403
    assert admin_client.post(f"{PAGE}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_operator_enters_a_price(admin_client):
    given = {"stage": "stt", "provider": "openai", "model": "", "unit": "heard_ms", "price": "0.006"}
    wrong = admin_client.post(
        "/admin/sessions_app/price/add/",
        {**given, "unit": "characters", "currency": "EUR", "valid_from": "2026-01-01"},
    )
    assert "That is nothing which this stage uses." in wrong.content.decode()
    answer = admin_client.post(
        "/admin/sessions_app/price/add/", {**given, "currency": "EUR", "valid_from": "2026-01-01"}
    )
    assert answer.status_code == 302
    assert Price.objects.get().price == Decimal("0.006")
