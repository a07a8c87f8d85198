"""The audit of tools in the admin: who reads it, what it shows, and that nobody changes it."""

from uuid import uuid4

import pytest
from django.utils import timezone

from sessions_app.models import ToolUse
from sessions_app.models.tool_calls import OUTCOMES
from sessions_app.session import Outcome
from tests.security.test_provider_secrets import somebody

pytestmark = pytest.mark.django_db
PAGE = "/admin/sessions_app/tooluse/"


@pytest.fixture
def uses() -> list[ToolUse]:
    rows = [
        ("marlow", "tide", "mcp", "ok"),
        ("marlow", "dice", "dice", "limited"),
        ("ada", "tide", "mcp", "timeout"),
    ]
    return [
        ToolUse.objects.create(
            session_id=uuid4(),
            character=who,
            tool=tool,
            kind=kind,
            outcome=outcome,
            at=timezone.now(),
            took_ms=1234,
        )
        for who, tool, kind, outcome in rows
    ]


def test_it_tells_which_tool_of_whom_and_what_came_of_it(admin_client, uses):
    shown = admin_client.get(PAGE).text
    for words in (
        "marlow",
        "ada",
        "tide",
        "dice",
        "took too long",
        "too often",
        "1234 ms",
        str(uses[0].session_id),
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("asked", "count"), [("outcome__exact=timeout", 1), ("q=tide", 2), ("q=marlow", 2), ("q=nobody", 0)]
)
def test_it_is_filtered(admin_client, uses, asked, count):
    answer = admin_client.get(f"{PAGE}?{asked}")
    assert answer.context["cl"].result_count == count


def test_moderators_and_operators_read_it_and_editors_do_not(uses):
    for role, status in (("Moderator", 200), ("Operator", 200), ("Editor", 403)):
        assert somebody(role).get(PAGE).status_code == status


def test_nobody_changes_it(admin_client, uses):
    one = uses[0].pk
    assert admin_client.get(f"{PAGE}add/").status_code == 403
    assert admin_client.post(f"{PAGE}{one}/delete/", {"post": "yes"}).status_code == 403
    admin_client.post(f"{PAGE}{one}/change/", {"tool": "another"})
    admin_client.post(PAGE, {"action": "delete_selected", "_selected_action": [one], "post": "yes"})
    assert ToolUse.objects.get(pk=one).tool == "tide"
    assert ToolUse.objects.count() == 3


def test_every_outcome_has_a_name():
    assert set(OUTCOMES) == set(Outcome.__args__)  # type: ignore[attr-defined]
