"""What gets into the outbox: by the statement that does it, for whoever listens, and without words."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sessions_app.database import database_clock
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import EventKind, OutboxEvent, ToolUse
from sessions_app.outbox import note_error, note_tool
from sessions_app.session import Turn
from sessions_app.signals import happened
from tests.sessions_app.outbox.conftest import endpoint, told

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "zanzibarquince"


@pytest.fixture
def manager(manager):
    return SyncSessionManager(clock=database_clock)


def opened(manager, session):
    token = manager.resume(session.id, session.visitor).token
    return manager.open(session.id, token, uuid4())


def turn(number: int, role: str = "user", text: str = CANARY) -> Turn:
    return Turn(number, role, text, False, database_clock())


def use_of(session, tool: str = "dice") -> ToolUse:
    return ToolUse(
        session_id=session.id,
        character="marlow",
        tool=tool,
        kind="dice",
        outcome="ok",
        at=database_clock(),
        took_ms=3,
    )


def test_a_conversation_is_told_of_from_its_beginning_to_its_end(manager, session, listener):
    opened(manager, session)
    manager.append(session.id, [turn(1), turn(2, "assistant")])
    note_tool(use_of(session), None, "c1")
    note_error(session.id, "marlow", "tts", database_clock())
    opened(manager, session)
    manager.end(session.id, reason="visitor")
    assert told() == [
        "session.started",
        "turn.finished",
        "turn.finished",
        "tool.called",
        "error.reported",
        "session.resumed",
        "session.ended",
    ]
    assert set(OutboxEvent.objects.values_list("lane", "session_id")) == {(session.id, session.id)}
    last = OutboxEvent.objects.get(kind=EventKind.ENDED)
    assert last.facts == {
        "character": "marlow",
        "version": session.version,
        "draft": False,
        "visitor": "anon:me",
        "connections": 2,
        "turns": 2,
        "end_reason": "visitor",
    }
    assert [
        row.facts["sequence"] for row in OutboxEvent.objects.filter(kind="turn.finished").order_by("pk")
    ] == [
        1,
        2,
    ]


def test_where_nobody_listens_there_are_no_rows_and_no_more_statements(manager, session):
    def asked() -> list[int]:
        counts = []
        for work in (
            lambda: opened(manager, session),
            lambda: manager.append(session.id, [turn(len(counts) + 100 * number)]),
            lambda: manager.touch(session.id),
        ):
            with CaptureQueriesContext(connection) as queries:
                work()
            counts.append(len(queries))
        return counts

    number = 1
    quiet = asked()
    assert not OutboxEvent.objects.exists()
    endpoint()
    manager.append(session.id, [turn(1)])  # the statement that tells nobody writes nothing, and finds out
    assert told() == ["turn.finished"]
    number = 2
    assert asked() == quiet
    assert told() == ["turn.finished", "session.resumed", "turn.finished"]
    with CaptureQueriesContext(connection) as queries:
        manager.append_sealed(session.id, [turn(900).sealed(manager.sealer(session.id))])
    assert len(queries) == 2, "one to read the key, one to write"


def test_an_endpoint_gets_what_it_listens_to(manager, session):
    endpoint("ends", kinds=["session.ended"])
    off = endpoint("off", active=False)
    opened(manager, session)
    manager.append(session.id, [turn(1)])
    manager.end(session.id, reason="visitor")
    assert told() == ["session.ended"]
    assert not OutboxEvent.objects.filter(endpoint=off).exists()


def test_what_did_not_happen_is_not_told(manager, session, listener):
    opened(manager, session)
    with transaction.atomic():
        manager.append(session.id, [turn(1)])
        transaction.set_rollback(True)
    again = turn(2)
    manager.append(session.id, [again])
    manager.append(session.id, [again])
    assert told(kind="turn.finished") == ["turn.finished"], "written again it is the same turn"
    assert manager.end(session.id, reason="visitor")
    assert not manager.end(session.id, reason="visitor")
    assert told(kind="session.ended") == ["session.ended"]


def test_a_session_that_nobody_opened_neither_begins_nor_ends(manager, session, listener):
    manager.end(session.id, reason="left")
    assert told() == []


def test_one_that_runs_out_has_ended(manager, session, listener):
    opened(manager, session)
    later = database_clock() + timedelta(days=3)
    manager.purge(later)
    ended = OutboxEvent.objects.get(kind="session.ended")
    assert ended.facts["end_reason"] == "expired"
    assert (ended.session_id, ended.facts["visitor"]) == (session.id, "anon:me")


def test_what_a_session_began_with_is_not_said_again(manager, session, listener):
    opened(manager, session)
    manager.append(session.id, [turn(1), turn(2, "assistant")])
    new = manager.create(character="marlow", visitor="anon:me")
    heard = []
    happened.connect(receiver := lambda happening, **_: heard.append(happening.session_id))
    manager.carry_over(session.id, new.id)
    happened.disconnect(receiver)
    assert manager.count_turns(new.id) == 2
    assert not OutboxEvent.objects.filter(session_id=new.id).exists()
    assert new.id not in heard


def test_memories_are_told_of_until_they_are_forgotten(manager, session, listener):
    memories = SyncMemories()
    memories.set_consent("anon:me", "marlow", True)
    known = Finding(CANARY, "life", session=str(session.id))
    learnt = memories.add("anon:me", "marlow", [known, Finding("likes tea", "taste")], Bounds()).new
    first, second = OutboxEvent.objects.order_by("pk")
    assert (first.kind, first.session_id, first.about) == ("memory.learnt", session.id, learnt[0].id)
    assert (second.session_id, second.about) == (None, learnt[1].id)
    assert first.facts == {"character": "marlow", "visitor": "anon:me"}
    memories.forget("anon:me", learnt[0].id)
    assert list(OutboxEvent.objects.all()) == [second]
    memories.forget_all("anon:me")
    assert told() == []


def test_what_is_erased_is_not_told_any_more(manager, session, listener):
    opened(manager, session)
    manager.append(session.id, [turn(1)])
    manager.erase(session.id)
    assert told() == []
    note_tool(use_of(session), None, "late")
    note_error(session.id, "marlow", "llm", database_clock())
    assert told() == []


def test_words_are_in_no_table_whatever_an_operator_chose(manager, session, listener):
    endpoint("wordy", with_words=True)
    opened(manager, session)
    manager.update(session.id, metadata={"booking": CANARY})
    manager.append(session.id, [turn(1)])
    sealed = manager.sealer(session.id).seal("event", "call", 0, {"arguments": CANARY}, "c1")
    note_tool(use_of(session), sealed, "c1")
    manager.end(session.id, reason="visitor")
    assert OutboxEvent.objects.filter(endpoint=listener).exclude(sealed=None).count() == 0
    assert OutboxEvent.objects.exclude(endpoint=listener).filter(sealed=None).count() == 0
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = cursor.fetchall()
            assert CANARY.encode() not in b"".join(
                value if isinstance(value, bytes) else str(value).encode()
                for row in rows
                for value in map(lambda v: bytes(v) if isinstance(v, memoryview) else v, row)
            ), table


def test_the_signal_tells_the_same_and_a_receiver_that_raises_harms_nothing(
    manager, session, listener, caplog
):
    heard = []

    def bad(**_):
        raise ValueError(CANARY)

    def good(happening, **_):
        heard.append(happening)

    for receiver in (bad, good):
        happened.connect(receiver)
    try:
        opened(manager, session)
        manager.append(session.id, [turn(1)])
        note_tool(use_of(session), None, "c1")
        note_error(session.id, "marlow", "tts", database_clock())
        with transaction.atomic():
            manager.end(session.id, reason="visitor")
            assert len(heard) == 4, "not before it is committed"
    finally:
        for receiver in (bad, good):
            happened.disconnect(receiver)
    rows = list(OutboxEvent.objects.order_by("pk"))
    assert [one.kind for one in heard] == [row.kind for row in rows]
    for one, row in zip(heard, rows, strict=True):
        assert {name: value for name, value in one.facts.items() if name != "id"} == row.facts
        assert one.at == row.at
        assert one.session_id == row.session_id
    assert UUID(heard[1].facts["id"]) == rows[1].about
    assert "bad" in caplog.text
    assert CANARY not in caplog.text
