"""A visitor's conversations, listed and searched: in pages, whatever their number in as many statements."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.conversations import listing as module
from sessions_app.conversations.listing import list_conversations
from sessions_app.exceptions import BadRequest
from sessions_app.models import DataKey
from tests.sessions_app.test_history import turn

pytestmark = pytest.mark.django_db

VISITOR = "anon:me"


def charge_talk(manager, clock, *words: str):
    session = manager.create(character="marlow", visitor=VISITOR)
    said = [turn(2, clock, "Good evening."), *(turn(2 * n + 3, clock, text) for n, text in enumerate(words))]
    manager.append(session.id, said)
    clock.forward(seconds=10)
    return session.id


def statements(manager, **asked) -> int:
    with CaptureQueriesContext(connection) as found:
        list_conversations(manager, VISITOR, **asked)
    return len(found)


@pytest.mark.parametrize("words", ["", "kraken"])
def test_a_list_costs_as_many_statements_for_thirty_conversations_as_for_three(manager, clock, words):
    for number in range(3):
        charge_talk(manager, clock, f"the kraken {number}", "and more")
    few = statements(manager, words=words)
    for number in range(27):
        charge_talk(manager, clock, f"the kraken {number}", "and more")
    assert statements(manager, words=words) == few
    assert few <= 3
    assert len(list_conversations(manager, VISITOR, words=words).entries) == 30


def test_pages_hold_everything_once(manager, clock):
    ids = [charge_talk(manager, clock, f"number {number}") for number in range(7)]
    seen, mark, pages = [], "", 0
    while True:
        page = list_conversations(manager, VISITOR, after=mark, limit=3)
        seen += [entry.record.id for entry in page.entries]
        mark, pages = page.next, pages + 1
        if not mark:
            break
    assert seen == ids[::-1]
    assert pages == 3
    assert [entry.title for entry in list_conversations(manager, VISITOR, limit=2).entries] == [
        "number 6",
        "number 5",
    ]


def test_a_search_goes_on_where_it_had_opened_enough(manager, clock, monkeypatch):
    monkeypatch.setattr(module, "SEARCH_TURNS", 6)
    oldest = charge_talk(manager, clock, "a kraken", "and", "more")
    for _ in range(3):
        charge_talk(manager, clock, "nothing", "of", "it")
    found, mark, pages = [], "", 0
    while True:
        page = list_conversations(manager, VISITOR, words="kraken", after=mark)
        found += [entry.record.id for entry in page.entries]
        mark, pages = page.next, pages + 1
        if not mark:
            break
    assert found == [oldest]
    assert 1 < pages <= 4


@pytest.mark.parametrize("mark", ["x", "////", "bm90aGluZw", "\u00e9", "MjAyNi0wMS0wMVQwMDowMDowMCAw"])
def test_a_mark_that_nobody_was_given_is_refused_in_words(manager, mark):
    with pytest.raises(BadRequest):
        list_conversations(manager, VISITOR, after=mark)


def test_one_that_cannot_be_opened_does_not_hide_the_others(manager, clock):
    broken, whole = charge_talk(manager, clock, "a kraken"), charge_talk(manager, clock, "a kraken")
    DataKey.objects.filter(pk=broken).update(wrapped_key=b"broken")
    titles = {entry.record.id: entry.title for entry in list_conversations(manager, VISITOR).entries}
    assert titles == {broken: "", whole: "a kraken"}
    assert [entry.record.id for entry in list_conversations(manager, VISITOR, words="kraken").entries] == [
        whole
    ]
