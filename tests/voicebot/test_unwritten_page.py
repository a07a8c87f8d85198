"""What visitors asked and nobody had written: read on the record, out of sealed turns, and gone with them."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.utils import timezone

from characters.versions import publishing
from sessions_app.conversations import lately
from sessions_app.manager import SyncSessionManager
from sessions_app.models import VoiceSession
from sessions_app.session import Turn
from tests.characters.factory import make_character
from tests.characters.test_desk import staff  # noqa: F401  (a fixture)
from tests.voicebot.repertoire.test_written_turn import EXAMPLES

pytestmark = pytest.mark.django_db
CANARY = "zanzibarquince"
FALLBACK = "That is not in my log."


@pytest.fixture
def marlow():
    return make_character(examples=EXAMPLES)


def talk(*said: str, draft: bool = False, hours_ago: float = 1.0):
    """A visitor's conversation, the visitor first."""
    manager = SyncSessionManager()
    made = manager.create(character="marlow", visitor="anon:me")
    at = timezone.now() - timedelta(hours=hours_ago)
    turns = [
        Turn(n, "user" if n % 2 else "assistant", text, False, at + timedelta(seconds=n))
        for n, text in enumerate(said, 1)
    ]
    manager.append(made.id, turns)
    VoiceSession.objects.filter(pk=made.id).update(draft=draft, active_at=at)
    return made


def asked(client, character) -> list[dict]:
    answer = client.post(f"/admin/voicebot/providerprofile/unwritten/{character.pk}/")
    assert answer.status_code == 200, answer.content
    assert "no-store" in answer["Cache-Control"]
    return answer.json()["questions"]


def words(found: list[dict]) -> list[str]:
    return [question["wordings"][0] for question in found]


def test_what_fell_back_is_listed_and_what_was_answered_is_not(admin_client, marlow):
    talk("Tell me about a storm", "Off Cape Horn it blew for nine days.", "Do you like cheese?", FALLBACK)
    talk("Which harbour is the deepest?", "Well, the model said something here.")
    talk("Do you sell any lamps here?", "As I said, Fair winds.")
    found = asked(admin_client, marlow)
    assert sorted(words(found)) == ["Do you like cheese?", "Which harbour is the deepest?"]


def test_alike_ones_are_together_with_their_count_the_most_frequent_first(admin_client, marlow):
    talk("Which harbour is the deepest?", FALLBACK, hours_ago=1)
    talk("Do you like cheese?", FALLBACK, "Do you like to eat cheese?", FALLBACK, hours_ago=30)
    talk("do you like cheese", FALLBACK, hours_ago=2)
    found = asked(admin_client, marlow)
    assert words(found) == ["do you like cheese", "Which harbour is the deepest?"]
    assert found[0]["often"].startswith("asked 3 times, last on ")
    assert found[0]["wordings"][1:] == ["Do you like to eat cheese?"], "each wording once"
    assert found[1]["often"].startswith("asked once, on ")


def test_what_is_written_by_now_is_no_longer_listed_published_or_not(admin_client, marlow):
    talk("Do you like cheese?", FALLBACK)
    marlow.examples = EXAMPLES + "<START>\n{{user}}: Are you fond of cheese?\n{{char}}: Only with rum.\n"
    marlow.save()
    publishing.changed_draft(marlow)
    assert asked(admin_client, marlow) == []


@pytest.mark.parametrize(
    "said", ["Yes.", "And then?", "What is my name?", "Are you a robot?", "I see", "嗯嗯", "…"]
)
def test_what_no_exchange_is_for_is_not_listed(admin_client, marlow, said):
    talk(said, FALLBACK)
    assert asked(admin_client, marlow) == []


def test_what_was_not_answered_yet_or_is_an_editors_try_is_not_listed(admin_client, marlow):
    talk("Do you like cheese?", FALLBACK, draft=True)
    talk("Tell me about a storm", "Off Cape Horn it blew for nine days.", "Which harbour is the deepest?")
    talk("Do you like tea with milk?", FALLBACK, hours_ago=31 * 24)
    assert asked(admin_client, marlow) == []


def test_reading_needs_both_permissions_and_leaves_an_entry_for_each_conversation(client, marlow, staff):  # noqa: F811
    url = f"/admin/voicebot/providerprofile/unwritten/{marlow.pk}/"
    made = [talk(f"Where is the {CANARY} kept?", FALLBACK), talk("Do you like cheese?", FALLBACK)]
    editor = staff("Editor")
    assert editor.post(url).status_code == 403
    page = editor.get(f"/admin/characters/character/{marlow.pk}/change/").content.decode()
    assert "desk-unwritten" not in page
    assert not LogEntry.objects.exists()
    user = get_user_model().objects.get(username="editor")
    user.user_permissions.add(Permission.objects.get(codename="read_transcript"))
    assert editor.get(url).status_code == 405, "a link does not read"
    assert editor.post(url).status_code == 200
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(one.id) for one in made}
    assert CANARY not in "".join(f"{e} {e.object_repr} {e.change_message}" for e in LogEntry.objects.all())
    assert "desk-unwritten" in editor.get(f"/admin/characters/character/{marlow.pk}/change/").content.decode()


def test_nothing_of_it_is_kept_and_erased_is_gone(admin_client, marlow):
    made = talk(f"Where is the {CANARY} kept?", FALLBACK)
    assert CANARY in str(asked(admin_client, marlow))
    data = Path(settings.DATA_DIR)
    assert not [file for file in data.rglob("meanings.sqlite3*") if CANARY.encode() in file.read_bytes()]
    SyncSessionManager().erase(made.id)
    assert asked(admin_client, marlow) == []


def test_a_reading_is_bounded(admin_client, marlow, monkeypatch):
    for number in range(4):
        talk(f"Do you like the number {number}?", FALLBACK, hours_ago=number + 1)
    manager = SyncSessionManager()
    assert len(list(lately.talks_lately(manager, "marlow", most=3))) == 3
    newest = [one.session.pk for one in lately.talks_lately(manager, "marlow", most=2)]
    assert newest == list(VoiceSession.objects.order_by("-active_at").values_list("pk", flat=True)[:2])
    assert sum(len(one.turns) for one in lately.talks_lately(manager, "marlow", turns=5)) == 5
