"""Consent, learning, correcting and forgetting, and what stands in the tables of all that."""

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import connection

from characters.models import Character
from sessions_app.exceptions import CharacterUnknown, MemoryNotFound, RecordUnreadable
from sessions_app.manager import SyncSessionManager
from sessions_app.memories import Bounds, Finding, SyncMemories, purge
from sessions_app.memories.sealing import opened_memory, sealer_of_owner
from sessions_app.models import Erasure, MemoryKey, SealedMemory, VisitorMemory
from sessions_app.signals import memories_changed
from tests.sessions_app.memories.conftest import BOUNDS, DOG, MARLOW, ME, NAME, PLAN, texts

pytestmark = pytest.mark.django_db(transaction=True)


def test_nothing_is_kept_of_a_visitor_who_was_not_asked(memories):
    assert memories.known(ME, MARLOW).consent == ""
    assert memories.add(ME, MARLOW, [NAME], BOUNDS).new == ()
    assert not VisitorMemory.objects.exists()
    assert not SealedMemory.objects.exists()


def test_what_was_learnt_is_there_for_this_visitor_and_this_character_only(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    assert texts(agreed) == {NAME.text, DOG.text}
    assert texts(agreed, "anon:other") == set()
    assert agreed.known(ME, "nobody").recollections == ()
    with pytest.raises(CharacterUnknown):
        agreed.set_consent(ME, "nobody", True)


def test_a_no_leaves_nothing_but_the_no(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    before = VisitorMemory.objects.get()
    known = agreed.set_consent(ME, MARLOW, False)
    assert (known.consent, known.recollections) == ("no", [])
    assert not SealedMemory.objects.exists()
    assert not MemoryKey.objects.exists()
    assert VisitorMemory.objects.get().pk != before.pk
    assert Erasure.objects.filter(pk=before.pk).exists(), "no backup brings it back"
    assert agreed.add(ME, MARLOW, [NAME], BOUNDS).new == ()
    agreed.set_consent(ME, MARLOW, True)
    assert texts(agreed) == set(), "a yes after a no begins anew"
    assert agreed.add(ME, MARLOW, [NAME], BOUNDS).new


def test_a_yes_that_is_said_twice_keeps_what_is_known(agreed):
    agreed.add(ME, MARLOW, [NAME], BOUNDS)
    agreed.set_consent(ME, MARLOW, True)
    assert texts(agreed) == {NAME.text}


def test_no_word_is_in_a_table(agreed):
    agreed.add(ME, MARLOW, [Finding("zanzibarquince", "note", "mirabellefig", value="quandong")], BOUNDS)
    memory = agreed.known(ME, MARLOW).recollections[0]
    agreed.keep_vectors(ME, MARLOW, {memory.id: b"\x00\x3c" * 384})
    assert agreed.known(ME, MARLOW).recollections[0].vector == b"\x00\x3c" * 384
    with connection.cursor() as cursor:
        for table in ("visitormemory", "memorykey", "sealedmemory", "erasure"):
            cursor.execute(f"SELECT t::text FROM sessions_app_{table} t")
            text = str(cursor.fetchall())
            assert not [word for word in ("quince", "fig", "quandong", "note") if word in text]
    row = SealedMemory.objects.get()
    for word in (b"quince", b"note", b"\x00\x3c\x00\x3c"):
        assert word not in bytes(row.sealed) + bytes(row.sealed_vector)
    assert "quince" not in repr(memory) + repr(memory.finding) + repr(agreed.known(ME, MARLOW))


def test_a_row_opens_nowhere_but_in_its_own_place(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    one, other = SealedMemory.objects.select_related("owner__data_key")
    sealer = sealer_of_owner(one.owner)
    one.sealed, other.sealed = other.sealed, one.sealed
    for row in (one, other):
        with pytest.raises(RecordUnreadable):
            opened_memory(sealer, row)
    one.save()
    assert len(agreed.known(ME, MARLOW).recollections) == 1, "the others are still read"


def test_without_its_key_it_is_noise(agreed):
    agreed.add(ME, MARLOW, [NAME], BOUNDS)
    MemoryKey.objects.all().delete()
    assert agreed.known(ME, MARLOW).recollections == []
    agreed.set_consent(ME, MARLOW, True)
    assert agreed.add(ME, MARLOW, [DOG], BOUNDS).new, "a yes makes a new one"


def test_a_later_fact_corrects_an_earlier_one_and_doubles_merge(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    old = next(m for m in agreed.known(ME, MARLOW).recollections if m.text == DOG.text)
    learnt = agreed.add(
        ME,
        MARLOW,
        [Finding("is called robin!", "name"), Finding("has a dog called Rex", "life", "pet:dog")],
        BOUNDS,
    )
    assert [memory.text for memory in learnt.new] == ["has a dog called Rex"]
    assert texts(agreed) == {NAME.text, "has a dog called Rex"}
    assert Erasure.objects.filter(pk=old.id).exists()
    name = next(m for m in agreed.known(ME, MARLOW).recollections if m.text == NAME.text)
    assert name.finding.confidence > NAME.confidence
    assert name.uses == 1


def test_the_same_fact_a_thousand_times_is_one(agreed):
    agreed.add(ME, MARLOW, [NAME] * 1000, BOUNDS)
    assert SealedMemory.objects.count() == 1
    assert agreed.known(ME, MARLOW).recollections[0].finding.times == 999


def asked(thing: str, times: int = 1) -> Finding:
    return Finding(f"asked about {thing}", "episode", f"asked:{thing.removeprefix('the ')}", times=times)


def test_what_was_asked_about_again_is_counted(agreed):
    agreed.add(ME, MARLOW, [asked("the kraken"), NAME], BOUNDS)
    (kraken,) = (m for m in agreed.known(ME, MARLOW).recollections if "kraken" in m.text)
    assert kraken.told == "asked about the kraken"
    assert agreed.add(ME, MARLOW, [asked("kraken")], BOUNDS).new == []
    (kraken,) = (m for m in agreed.known(ME, MARLOW).recollections if "kraken" in m.text)
    assert (kraken.told, kraken.as_json()["times"]) == ("asked about the kraken twice", 2)
    agreed.add(ME, MARLOW, [asked("kraken", 3)], BOUNDS)
    (kraken,) = (m for m in agreed.known(ME, MARLOW).recollections if "kraken" in m.text)
    assert kraken.told == "asked about the kraken 5 times"


def test_a_question_that_was_asked_once_makes_room_for_a_fact(agreed, clock):
    few = Bounds(most=3, days=30)
    agreed.add(ME, MARLOW, [NAME, DOG], few)
    for thing in ("kraken", "moon"):
        clock.forward(seconds=1)
        agreed.add(ME, MARLOW, [asked(thing)], few)
    assert texts(agreed) == {NAME.text, DOG.text, "asked about moon"}


def test_whoever_was_asked_aloud_is_not_asked_again_and_may_still_answer(memories):
    assert not memories.known(ME, MARLOW).asked
    memories.note_asked(ME, MARLOW)
    memories.note_asked(ME, MARLOW)
    assert memories.known(ME, MARLOW).asked
    assert memories.known(ME, MARLOW).consent == ""
    assert memories.add(ME, MARLOW, [NAME], BOUNDS).new == ()
    memories.set_consent(ME, MARLOW, True)
    assert memories.add(ME, MARLOW, [NAME], BOUNDS).new
    memories.set_consent(ME, MARLOW, False)
    memories.note_asked(ME, MARLOW)
    assert memories.known(ME, MARLOW).consent == "no"


def test_of_too_many_the_least_used_go(agreed, clock):
    few = Bounds(most=3, days=30)
    agreed.add(ME, MARLOW, [NAME], few)
    name = agreed.known(ME, MARLOW).recollections[0]
    agreed.note_used(ME, MARLOW, {name.id: 2})
    for number in range(5):
        clock.forward(seconds=1)
        agreed.add(ME, MARLOW, [Finding(f"likes number {number}", "taste")], few)
    assert texts(agreed) == {NAME.text, "likes number 3", "likes number 4"}


def test_a_kind_that_its_editor_does_not_want_is_not_kept(agreed):
    agreed.add(ME, MARLOW, [NAME, PLAN], Bounds(kinds=frozenset({"name"})))
    assert texts(agreed) == {NAME.text}


def test_a_line_of_ten_megabytes_is_a_sentence(agreed):
    agreed.add(ME, MARLOW, [Finding("x" * 10_000_000, "note", "y" * 10_000_000)], BOUNDS)
    assert len(agreed.known(ME, MARLOW).recollections[0].text) == 200
    assert len(bytes(SealedMemory.objects.get().sealed)) < 1000


def test_they_are_gone_after_their_days(agreed, clock):
    agreed.add(ME, MARLOW, [NAME], BOUNDS)
    clock.forward(days=20)
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    clock.forward(days=20)
    assert texts(agreed) == {NAME.text, DOG.text}, "what is said again is kept on"
    clock.forward(days=11)
    assert texts(agreed) == set()
    assert purge(clock()).memories == 2
    assert not SealedMemory.objects.exists()
    clock.forward(days=400)
    assert purge(clock()).memory_keys == 1
    assert not VisitorMemory.objects.exists()


def test_a_visitor_corrects_and_forgets_their_own_only(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    dog = next(m for m in agreed.known(ME, MARLOW).recollections if m.text == DOG.text)
    for act in (
        lambda: agreed.correct("anon:other", dog.id, "x"),
        lambda: agreed.forget("anon:other", dog.id),
        lambda: agreed.forget(ME, uuid.uuid4()),
    ):
        with pytest.raises(MemoryNotFound):
            act()
    assert agreed.correct(ME, dog.id, "has a cat").text == "has a cat"
    assert texts(agreed) == {NAME.text, "has a cat"}
    assert agreed.forget(ME, dog.id).memories == 1
    assert texts(agreed) == {NAME.text}
    assert Erasure.objects.filter(pk=dog.id).exists()


def test_forgetting_all_is_receipted_and_asks_anew(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    removed = agreed.forget_all(ME, MARLOW)
    assert (removed.memories, removed.memory_keys) == (2, 1)
    assert agreed.known(ME, MARLOW).consent == ""
    assert agreed.forget_all(ME).memories == 0


def test_what_was_learnt_in_a_session_goes_with_it(agreed):
    session = uuid.uuid4()
    agreed.add(ME, MARLOW, [NAME, Finding("has a cat", "life", session=str(session))], BOUNDS)
    assert agreed.forget_session(ME, MARLOW, session).memories == 1
    assert texts(agreed) == {NAME.text}


def test_erasing_a_visitor_erases_what_is_remembered_of_them(agreed, clock):
    agreed.add(ME, MARLOW, [NAME], BOUNDS)
    assert SyncSessionManager(clock=clock).erase_visitor(ME).memories == 1
    assert not VisitorMemory.objects.exists()


def test_of_an_account_that_is_deleted_nothing_is_left(memories):
    user = User.objects.create_user("robin")
    memories.set_consent(f"user:{user.pk}", MARLOW, True)
    memories.add(f"user:{user.pk}", MARLOW, [NAME], BOUNDS)
    user.delete()
    assert not VisitorMemory.objects.exists()
    assert not SealedMemory.objects.exists()


def test_memories_follow_their_character_to_another_address(agreed):
    agreed.add(ME, MARLOW, [NAME], BOUNDS)
    character = Character.objects.get(slug=MARLOW)
    character.slug = "captain"
    character.save()
    assert texts(agreed, ME, "captain") == {NAME.text}
    assert agreed.set_consent(ME, MARLOW, True).character == "captain", "by its earlier address, too"


def test_what_changes_is_told(agreed):
    told = []

    def note(visitor, character, **_):
        told.append((visitor, character))

    memories_changed.connect(note)
    try:
        agreed.add(ME, MARLOW, [NAME], BOUNDS)
        agreed.add(ME, MARLOW, [NAME], BOUNDS)
        agreed.forget(ME, agreed.known(ME, MARLOW).recollections[0].id)
    finally:
        memories_changed.disconnect(note)
    assert told == [(ME, MARLOW)] * 2, "the same thing again is no news"


def test_reading_takes_two_statements_and_one_for_a_stranger(agreed, django_assert_num_queries):
    agreed.add(ME, MARLOW, [NAME, DOG, PLAN], BOUNDS)
    with django_assert_num_queries(2):
        agreed.known(ME, MARLOW)
    with django_assert_num_queries(1):
        SyncMemories().known("anon:other", MARLOW)
