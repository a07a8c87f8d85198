"""Keys of memories rotate with those of sessions, and the journal erases again what comes back."""

import io

import pytest
from django.core.management import CommandError, call_command

from sessions_app.crypto.keyring import key_ring
from sessions_app.models import Erasure, MemoryKey, SealedMemory, VisitorMemory
from tests.sessions_app.memories.conftest import BOUNDS, DOG, MARLOW, ME, NAME, texts
from voicebot import runtime

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_spool(settings, tmp_path, monkeypatch):
    """Servers of other tests spool under keys of their own."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(runtime, "_default", None)


OLD = "old:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
NEW = "new:" + "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="


def test_a_rotation_rewraps_keys_of_memories_and_touches_no_payload(memories, settings):
    settings.SESSION_KEYS = OLD
    memories.set_consent(ME, MARLOW, True)
    memories.add(ME, MARLOW, [NAME], BOUNDS)
    sealed = bytes(SealedMemory.objects.get().sealed)
    settings.SESSION_KEYS = f"{NEW},{OLD}"
    call_command("rotate_session_keys", stdout=io.StringIO())
    assert MemoryKey.objects.get().key_id == key_ring().active == "new"
    settings.SESSION_KEYS = NEW
    assert texts(memories) == {NAME.text}
    assert bytes(SealedMemory.objects.get().sealed) == sealed


def test_a_lost_key_is_told(memories, settings):
    settings.SESSION_KEYS = OLD
    memories.set_consent(ME, MARLOW, True)
    settings.SESSION_KEYS = NEW
    with pytest.raises(CommandError, match="memory keys"):
        call_command("rotate_session_keys", stdout=io.StringIO())


def test_what_a_backup_brings_back_is_erased_again(agreed):
    agreed.add(ME, MARLOW, [NAME, DOG], BOUNDS)
    before = [list(model.objects.all()) for model in (VisitorMemory, MemoryKey, SealedMemory)]
    dog = next(m for m in agreed.known(ME, MARLOW).recollections if m.text == DOG.text)
    agreed.forget(ME, dog.id)
    next(row for row in before[2] if row.pk == dog.id).save(force_insert=True)
    assert texts(agreed) == {NAME.text, DOG.text}
    out = io.StringIO()
    call_command("replay_erasures", stdout=out)
    assert "1 memories" in out.getvalue()
    assert texts(agreed) == {NAME.text}

    agreed.set_consent(ME, MARLOW, False)
    VisitorMemory.objects.all().delete()
    for rows in before:
        for row in rows:
            if not Erasure.objects.filter(pk=row.pk).exists() or row.pk != dog.id:
                row.save(force_insert=True)
    call_command("replay_erasures", stdout=out)
    assert not VisitorMemory.objects.exists()
    assert not SealedMemory.objects.exists()
