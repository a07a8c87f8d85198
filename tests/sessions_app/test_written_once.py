"""A turn is written once, whatever is retried and whoever writes: in every store, through the manager."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError, connection

from sessions_app.exceptions import RecordUnreadable
from sessions_app.manager import SyncSessionManager
from sessions_app.models import SessionTurn
from sessions_app.session import Session
from sessions_app.session.turn import TURN_TABLE, Turn
from sessions_app.stores.base import Appended, Store
from sessions_app.stores.records import TurnRecord
from tests.characters.factory import make_character
from tests.sessions_app.test_history import turn
from tests.sessions_app.test_stores import ALL

pytestmark = pytest.mark.django_db(transaction=True)


class LosesAnswers:
    """A store whose first answers to `append` are lost after it has done what was asked."""

    def __init__(self, store: Store, losses: int):
        self._store, self.losses = store, losses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def append(self, session_id, turns: Sequence[TurnRecord]) -> Appended:
        answer = self._store.append(session_id, turns)
        if self.losses:
            self.losses -= 1
            raise OperationalError("server closed the connection unexpectedly")
        return answer


def until_answered(manager: SyncSessionManager, session: Session, said: Sequence[Turn]) -> None:
    """Writes as a writer does that tries until it has an answer."""
    while True:
        try:
            manager.append(session.id, said)
            return
        except OperationalError:
            continue


@pytest.fixture(params=ALL, ids=lambda store: store.__name__)
def store(request):
    make_character()
    return request.param()


@pytest.fixture
def manager(store, clock):
    return SyncSessionManager(store, clock)


@pytest.fixture
def session(manager):
    return manager.create(character="marlow", visitor="anon:me")


def test_written_again_a_turn_is_the_same_one(manager, session, clock):
    said = [turn(1, clock), turn(2, clock)]
    for _ in range(3):
        manager.append(session.id, said)
    assert manager.turns(session.id) == said


def test_an_answer_lost_after_the_commit_doubles_nothing(store, session, clock):
    losing = SyncSessionManager(LosesAnswers(store, 3), clock)
    said = [turn(1, clock), turn(2, clock)]
    until_answered(losing, session, said)
    history = losing.turns(session.id)
    assert history == said
    assert losing.record(session.id).turns in (0, 2), "a cache may know it later, but not wrongly"


def test_two_who_both_believe_that_the_session_is_theirs_lose_nothing_and_double_nothing(
    store, manager, session, clock
):
    other = SyncSessionManager(LosesAnswers(store, 3), clock)
    manager.append(session.id, [turn(1, clock)])
    mine = [turn(number, clock, f"mine {number}") for number in range(2, 12)]
    theirs = [turn(number, clock, f"theirs {number}") for number in range(2, 12)]
    for my_turn, their_turn in zip(mine, theirs, strict=True):
        until_answered(manager, session, [my_turn])
        until_answered(other, session, [their_turn])
        until_answered(manager, session, [my_turn])
    history = manager.turns(session.id)
    assert sorted(t.text for t in history) == sorted(["turn 1", *(t.text for t in (*mine, *theirs))])
    assert len({t.identity for t in history}) == 21
    assert [t.sequence for t in history] == sorted({t.sequence for t in history})
    first = [t.text for t in history if t.text.startswith("mine")]
    assert first == [t.text for t in mine], "of either side the order is kept"


def test_order_is_that_of_the_numbers_whatever_the_clocks_say(manager, session, clock):
    question, answer = turn(1, clock), turn(2, clock)
    earlier = replace(answer, created_at=question.created_at.replace(year=2001))
    manager.append(session.id, [earlier])
    manager.append(session.id, [question])
    assert [t.text for t in manager.turns(session.id)] == ["turn 1", "turn 2"]


@pytest.mark.parametrize(
    "change",
    [
        {"role": "assistant"},
        {"interrupted": True},
        {"sequence": 9},
        {"version": "somebody@1"},
        {"identity": "7d1b5a52-0000-4000-8000-000000000000"},
    ],
    ids=lambda change: next(iter(change)),
)
@pytest.mark.parametrize("store", [ALL[2]], indirect=True, ids=["DatabaseStore"])
def test_who_can_write_to_the_database_changes_neither_speaker_nor_order_nor_the_cut(
    manager, session, clock, change
):
    manager.append(session.id, [turn(1, clock)])
    SessionTurn.objects.update(**change)
    with pytest.raises(RecordUnreadable):
        manager.turns(session.id)


@pytest.mark.parametrize("store", [ALL[2]], indirect=True, ids=["DatabaseStore"])
def test_what_was_written_before_turns_had_an_identity_is_still_read(manager, session, clock):
    sealed = manager.sealer(session.id).seal(TURN_TABLE, "text", 1, "from long ago")
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{SessionTurn._meta.db_table}"'
            " (session_id, sequence, role, interrupted, version, sealed, created_at)"
            " VALUES (%s, 1, 'user', false, '', %s, now())",
            [session.id, sealed],
        )
    assert [t.text for t in manager.turns(session.id)] == ["from long ago"]
    manager.append(session.id, [turn(2, clock)])
    assert [t.sequence for t in manager.turns(session.id)] == [1, 2]


def test_a_turn_gets_its_identity_when_it_is_made(clock):
    made = Turn(1, "user", "hello", False, clock())
    assert made.identity != Turn(1, "user", "hello", False, clock()).identity
    assert replace(made, sequence=5).identity == made.identity
