"""Opening sessions: who may begin a session, who opens it with which token, and how many at once."""

import math
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.exceptions import (
    BadRequest,
    CharacterUnknown,
    Forbidden,
    LimitReached,
    Replaced,
    TokenInvalid,
    TooLarge,
)
from sessions_app.identity import session_tokens
from sessions_app.manager import SessionLifecycle, SessionOpening, SessionReader, SyncSessionManager
from sessions_app.manager.opening import UNWRITTEN_TURNS
from sessions_app.models import VoiceSession
from sessions_app.session.turn import Turn
from sessions_app.stores.memory import MemoryStore
from tests.characters.factory import make_character

pytestmark = pytest.mark.django_db

VISITOR = "anon:me"


def state(session) -> str:
    return VoiceSession.objects.get(pk=session.id).state


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"character": "nobody"}, CharacterUnknown),
        ({"metadata": {"x": "y" * 20_000}}, TooLarge),
        ({"metadata": {"x": float("inf")}}, BadRequest),
    ],
)
def test_what_cannot_be_started(manager, asked, error):
    with pytest.raises(error):
        manager.create(**{"character": "marlow", "visitor": VISITOR, **asked})
    assert not VoiceSession.objects.exists()


def test_a_token_opens_the_first_connection_within_two_minutes(manager, session, clock):
    clock.forward(seconds=session_tokens.FIRST_CONNECTION_SECS + 1)
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())


def test_a_connection_knows_how_long_nobody_was_there(manager, session, clock):
    first, second = uuid4(), uuid4()
    assert manager.open(session.id, session.token, first).away_secs == math.inf
    clock.forward(minutes=5)
    manager.touch(session.id, first)
    clock.forward(seconds=15)
    assert manager.open(session.id, session.token, second).away_secs == 15, "its last sign of life"
    clock.forward(seconds=3)
    manager.disconnect(session.id, second)
    clock.forward(minutes=10)
    again = manager.resume(session.id, VISITOR)
    clock.forward(seconds=1)
    assert manager.open(session.id, again.token, first).away_secs == 601
    assert manager.get(session.id).away_secs == 0


def test_a_token_reconnects_within_a_minute_of_a_drop_and_not_later(manager, session, clock):
    first, second = uuid4(), uuid4()
    manager.open(session.id, session.token, first)
    clock.forward(minutes=5)
    manager.touch(session.id, first)
    manager.disconnect(session.id, first)
    clock.forward(seconds=session_tokens.RECONNECT_SECS - 1)
    again = manager.open(session.id, session.token, second)
    assert again.resumed
    assert again.same_client
    manager.disconnect(session.id, second)
    clock.forward(seconds=session_tokens.RECONNECT_SECS + 1)
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())


@pytest.mark.parametrize("token", ["", "wrong", "\udcff", "x" * 100_000])
def test_a_wrong_token_opens_nothing(manager, session, token):
    with pytest.raises(TokenInvalid):
        manager.open(session.id, token, uuid4())


def test_a_token_of_one_session_does_not_open_another(manager, session):
    other = manager.create(character="marlow", visitor=VISITOR)
    with pytest.raises(TokenInvalid):
        manager.open(other.id, session.token, uuid4())


def test_a_new_connection_takes_over_and_the_old_one_loses_its_hold(manager, session):
    old, new = uuid4(), uuid4()
    manager.open(session.id, session.token, old)
    manager.open(session.id, session.token, new)
    with pytest.raises(Replaced):
        manager.touch(session.id, old)
    manager.disconnect(session.id, old)
    assert state(session) == "active"
    manager.touch(session.id, new)


def test_only_its_visitor_gets_a_new_token(manager, session):
    for stranger in ("anon:else", "user:1", ""):
        with pytest.raises(Forbidden):
            manager.resume(session.id, stranger)
    again = manager.resume(session.id, VISITOR)
    assert again.token != session.token
    with pytest.raises(TokenInvalid):
        manager.open(session.id, session.token, uuid4())
    assert not manager.open(session.id, again.token, uuid4()).same_client


def test_a_visitor_talks_in_so_many_sessions_at_once_and_no_more(manager, clock, settings):
    settings.MAX_SESSIONS_PER_VISITOR = 2
    for _ in range(2):
        session = manager.create(character="marlow", visitor=VISITOR)
        manager.open(session.id, session.token, uuid4())
    with pytest.raises(LimitReached):
        manager.create(character="marlow", visitor=VISITOR)
    assert manager.create(character="marlow", visitor="anon:else")
    clock.forward(minutes=2)  # both connections are gone without a word
    assert manager.create(character="marlow", visitor=VISITOR)


def test_sessions_made_beforehand_do_not_get_round_the_limit(manager, settings):
    settings.MAX_SESSIONS_PER_VISITOR = 1
    first, second = (manager.create(character="marlow", visitor=VISITOR) for _ in range(2))
    manager.open(first.id, first.token, uuid4())
    with pytest.raises(LimitReached):
        manager.open(second.id, second.token, uuid4())
    manager.open(first.id, first.token, uuid4())  # its own does not count


def test_of_two_that_open_with_one_token_the_second_sees_the_first(manager, session, monkeypatch):
    """Both have read the session before either has taken it."""
    first, second = uuid4(), uuid4()
    change, came = manager.store.change, []

    def interfering(session_id, changes, condition):
        if not came:
            came.append(True)
            assert SyncSessionManager(clock=manager.clock).open(session.id, session.token, first)
        return change(session_id, changes, condition)

    monkeypatch.setattr(manager.store, "change", interfering)
    opened = manager.open(session.id, session.token, second)
    assert (opened.previous, opened.connection, opened.connections) == (first, second, 2)


def test_after_a_clean_parting_numbers_go_on_and_otherwise_room_is_left_for_what_is_unwritten(
    manager, session, clock
):
    first, second, third = uuid4(), uuid4(), uuid4()
    assert manager.open(session.id, session.token, first).sequence_floor == 0
    said = [Turn(number, "user", str(number), False, clock()) for number in (1, 2, 3)]
    manager.append(session.id, said[:2])
    manager.disconnect(session.id, first, settled=True)
    assert manager.open(session.id, session.token, second).sequence_floor == 2
    manager.append(session.id, said[2:])
    # Killed: it may have said up to UNWRITTEN_TURNS more, which are in its spool.
    assert manager.open(session.id, session.token, third).sequence_floor == 3 + UNWRITTEN_TURNS
    manager.disconnect(session.id, third, settled=False)
    fourth = manager.open(session.id, session.token, uuid4())
    assert fourth.sequence_floor == 3 + 2 * UNWRITTEN_TURNS


def test_the_limit_of_conversations_reads_no_rows(manager, session):
    for _ in range(20):
        manager.create(character="marlow", visitor=VISITOR)
    with CaptureQueriesContext(connection) as asked:
        manager.open(session.id, session.token, uuid4())
    columns = [query["sql"] for query in asked if '"wrapped_key"' in query["sql"]]
    assert len(columns) == 1, "the session itself, and no other"
    assert sum("count(*)" in query["sql"] for query in asked) == 1, "asked by the statement that opens it"


def test_it_lets_in_without_a_manager(clock):
    make_character()
    reader = SessionReader(MemoryStore(), clock)
    opening = SessionOpening(reader, SessionLifecycle(reader))
    made, connection_id = opening.create(character="marlow", visitor=VISITOR), uuid4()
    assert opening.open(made.id, made.token, connection_id).connection == connection_id
    again = opening.resume(made.id, "", made.secret)
    with pytest.raises(TokenInvalid):
        opening.open(made.id, made.token, uuid4())
    assert opening.open(made.id, again.token, uuid4()).previous == connection_id
