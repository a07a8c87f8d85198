"""History: each turn once, in order, sealed, whatever happens to the one who writes it."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app.conversations.json_export import export
from sessions_app.exceptions import RecordUnreadable, SessionNotFound
from sessions_app.manager import CARRIED_TURNS, SyncSessionManager
from sessions_app.memories import Bounds, Finding, SyncMemories
from sessions_app.models import SessionSummary, SessionTurn, VoiceSession
from sessions_app.session.coverage import Coverage
from sessions_app.session.turn import Turn

pytestmark = pytest.mark.django_db

RARE = "zanzibarquince"


def turn(number: int, clock, text: str = "", *, interrupted: bool = False) -> Turn:
    role = "user" if number % 2 else "assistant"
    return Turn(number, role, text or f"turn {number}", interrupted, clock())


def test_turns_come_back_as_they_were_said(manager, session, clock):
    said = [turn(1, clock, RARE), turn(2, clock, "Once upon a", interrupted=True)]
    manager.append(session.id, said)
    assert manager.turns(session.id) == said
    assert said[1].shown == "Once upon a —"
    assert all(RARE.encode() not in bytes(row.sealed) for row in SessionTurn.objects.all())
    assert RARE not in repr(said)


def test_appending_turn_a_thousand_costs_what_turn_ten_does(manager, session, clock):
    def queries(number: int) -> int:
        before = len(connection.queries_log)
        manager.append(session.id, [turn(number, clock)])
        return len(connection.queries_log) - before

    connection.force_debug_cursor = True
    try:
        manager.append(session.id, [turn(number, clock) for number in range(1, 10)])
        tenth = queries(10)
        manager.append(session.id, [turn(number, clock) for number in range(11, 1000)])
        assert queries(1000) == tenth
        assert tenth <= 3
    finally:
        connection.force_debug_cursor = False
    assert VoiceSession.objects.get().turns == 1000


def test_a_swapped_row_fails_closed_and_alone(manager, session, clock):
    other = manager.create(character="marlow", visitor="anon:me")
    for each in (session, other):
        manager.append(each.id, [turn(1, clock), turn(2, clock)])
    rows = {row.sequence: row for row in SessionTurn.objects.filter(session=session.id)}
    SessionTurn.objects.filter(pk=rows[1].pk).update(sealed=rows[2].sealed)
    with pytest.raises(RecordUnreadable):
        manager.turns(session.id)
    assert len(manager.turns(other.id)) == 2


def test_the_past_is_a_summary_and_the_newest_turns(manager, session, clock):
    manager.append(session.id, [turn(number, clock) for number in range(1, 31)])
    assert manager.keep_summary(session.id, Coverage(10), f"they met {RARE}")
    assert not manager.keep_summary(session.id, Coverage(5), "older")
    past = manager.past(session.id, newest=12)
    assert past.summary == f"they met {RARE}"
    assert [t.sequence for t in past.turns] == list(range(19, 31))
    assert RARE.encode() not in bytes(SessionSummary.objects.get().sealed)


def test_what_the_lorebook_remembers_is_kept_with_the_summary_and_sealed(manager, session, clock):
    manager.append(session.id, [turn(1, clock)])
    assert manager.past(session.id, newest=1).lore is None
    manager.keep_summary(session.id, Coverage(1), "short", {"book": RARE, "called": [3]})
    assert manager.past(session.id, newest=1).lore == {"book": RARE, "called": [3]}
    assert RARE.encode() not in bytes(SessionSummary.objects.get().sealed)


def test_erasing_takes_turns_summaries_and_key(manager, session, clock):
    manager.append(session.id, [turn(1, clock)])
    manager.keep_summary(session.id, Coverage(1), "short")
    removed = manager.erase(session.id)
    assert (removed.turns, removed.summaries) == (1, 1)
    assert not SessionTurn.objects.exists()
    with pytest.raises(SessionNotFound):
        manager.append(session.id, [turn(2, clock)])


def test_rotation_rewraps_keys_and_touches_no_payload(manager, session, clock, settings):
    settings.SESSION_KEYS = "old:" + "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w="[:44]
    session = manager.create(character="marlow", visitor="anon:me", metadata={"x": 1})
    manager.append(session.id, [turn(1, clock, "before")])
    row = VoiceSession.objects.get(pk=session.id)
    sealed = bytes(SessionTurn.objects.get().sealed)
    settings.SESSION_KEYS = f"new:bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=,{settings.SESSION_KEYS}"
    VoiceSession.objects.exclude(pk=session.id).delete()
    assert manager.rotate(batch=1) == 1
    assert manager.rotate(batch=1) == 0
    after = VoiceSession.objects.get(pk=session.id)
    assert (after.data_key.key_id, bytes(after.metadata)) == ("new", bytes(row.metadata))
    assert bytes(SessionTurn.objects.get().sealed) == sealed
    settings.SESSION_KEYS = settings.SESSION_KEYS.split(",")[0]
    assert manager.turns(session.id)[0].text == "before"


def test_commands_clean_rotate_export_and_erase(manager, clock, capsys, settings):
    settings.SESSION_TTL = 10
    session = SyncSessionManager().create(character="marlow", visitor="user:7", metadata={"name": RARE})
    SyncSessionManager().append(session.id, [turn(1, clock, "hello")])
    call_command("export_session", str(session.id))
    out = capsys.readouterr().out
    assert RARE in out
    assert '"text": "hello"' in out
    VoiceSession.objects.update(expires_at=clock() - timedelta(days=900))
    call_command("cleanup_sessions", "--dry-run")
    assert "Would expire 1 and remove 0" in capsys.readouterr().out
    call_command("cleanup_sessions", "--batch", "1")
    assert "Expired 1 and removed 0" in capsys.readouterr().out
    call_command("rotate_session_keys")
    assert "Rewrapped 0" in capsys.readouterr().out
    call_command("erase_visitor", "7")
    assert "Erased 1 sessions, 1 turns" in capsys.readouterr().out
    assert not VoiceSession.objects.exists()


def test_an_export_has_everything_that_is_kept(manager, session, clock):
    manager.append(session.id, [turn(1, clock)])
    manager.end(session.id, "visitor")
    exported = json.loads("".join(export(manager, session.id)))
    assert exported["state"] == "ended"
    assert exported["turns"][0]["text"] == "turn 1"
    assert exported["memories"] == []


def test_an_export_tells_what_the_character_remembers_of_this_visitor_and_of_nobody_else(manager, session):
    memories, character = SyncMemories(), session.character
    for visitor, text in ((session.visitor, "is called Robin"), ("anon:another", "is called Kit")):
        memories.set_consent(visitor, character, True)
        memories.add(visitor, character, [Finding(text, "name", "name")], Bounds())
    exported = json.loads("".join(export(manager, session.id)))
    assert [memory["text"] for memory in exported["memories"]] == ["is called Robin"]
    memories.set_consent(session.visitor, character, False)
    assert json.loads("".join(export(manager, session.id)))["memories"] == []


def test_the_journal_of_erasures_is_printed_read_and_shortened(manager, session, capsys, tmp_path):
    record = manager.store.load(session.id)
    manager.erase(session.id)
    call_command("erasures")
    journal = tmp_path / "journal"
    journal.write_text(capsys.readouterr().out)
    call_command("erasures", "--since", "2999-01-01")
    assert capsys.readouterr().out == ""
    call_command("erasures", "--forget-before", "2999-01-01")
    assert "Took 1 entries" in capsys.readouterr().out
    manager.store.create(record)  # as a restored backup does
    call_command("replay_erasures")
    assert "Erased 0 sessions" in capsys.readouterr().out
    call_command("replay_erasures", str(journal))
    assert "Erased 1 sessions" in capsys.readouterr().out
    assert not VoiceSession.objects.exists()
    journal.write_text("nonsense\n")
    with pytest.raises(CommandError, match="Line 1"):
        call_command("replay_erasures", str(journal))


def test_a_session_begun_from_another_one_has_its_end_under_its_own_key(manager, session, clock):
    manager.append(session.id, [turn(number, clock, f"{RARE} {number}") for number in range(1, 61)])
    manager.keep_summary(session.id, Coverage(10), "They met.")
    manager.end(session.id, "visitor")
    clock.forward(days=1)
    new = manager.create(character="marlow", visitor="anon:me")
    manager.carry_over(session.id, new.id)
    past = manager.past(new.id, newest=1000)
    assert past.summary == "They met."
    assert [said.text for said in past.turns] == [f"{RARE} {n}" for n in range(61 - CARRIED_TURNS, 61)]
    assert past.turns[0].sequence == past.covered.upto + 1
    assert {said.created_at for said in past.turns} == {clock() - timedelta(days=1)}, "when it was said"
    assert manager.get(new.id).turns == CARRIED_TURNS
    assert len(manager.turns(session.id)) == 60
    manager.erase(session.id)
    assert len(manager.turns(new.id)) == CARRIED_TURNS, "a copy, which the erasure of the old one leaves"


def test_a_short_session_is_carried_over_whole_and_an_empty_one_is_nothing(manager, session, clock):
    new = manager.create(character="marlow", visitor="anon:me")
    manager.carry_over(session.id, new.id)
    assert manager.turns(new.id) == []
    manager.append(session.id, [turn(1, clock), turn(2, clock, "Once upon a", interrupted=True)])
    manager.carry_over(session.id, new.id)
    assert [(said.sequence, said.shown) for said in manager.turns(new.id)] == [
        (1, "turn 1"),
        (2, "Once upon a —"),
    ]
