"""The demo characters: at least three, each with a persona, a voice and a portrait of its own."""

from pathlib import Path

import pytest
from django.core.management import call_command

from characters import catalog, content, demo
from characters.models import Character

pytestmark = pytest.mark.django_db


def test_demo_characters_differ_in_persona_voice_and_portrait():
    call_command("seed_demo", verbosity=0)
    demo = list(Character.objects.all())
    assert len(demo) >= 3
    for field in ("system_prompt", "greeting", "voice_pitch"):
        assert len({getattr(character, field) for character in demo}) == len(demo), field
    assert len({character.avatar.read() for character in demo}) == len(demo)


def test_a_demo_character_has_the_exchanges_that_are_written_for_it():
    call_command("seed_demo", verbosity=0)
    for character in Character.objects.all():
        written = Path(demo.__file__).parent / "repertoire" / f"{character.slug}.txt"
        assert character.examples == written.read_text(encoding="utf-8")
        assert content.draft_spec(character).examples == catalog.get(character.slug).examples


def test_a_second_run_changes_nothing(capsys):
    call_command("seed_demo")
    before = list(Character.objects.values())
    Character.objects.filter(slug="ada-quill").update(greeting="Mine now.")
    call_command("seed_demo")
    assert len(before) == Character.objects.count()
    assert Character.objects.get(slug="ada-quill").greeting == "Mine now."
    assert "there already" in capsys.readouterr().out
