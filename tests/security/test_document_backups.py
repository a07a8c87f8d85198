"""Documents come back from a backup, ready to be recalled; one that was deleted for good does not."""

import contextlib
import os

import psycopg
import pytest

from greenroom import development
from tests.databases import fresh_database, templates
from tests.security.test_backups import House, restore

KRAKEN, SECRET = "Krakens eat nothing but lanterns", "Timbuktu Pear"
READ_ALL = """
from asgiref.sync import async_to_sync
from characters import shelf
from characters.models import Character, Document
from characters.versions import publishing
from voicebot.documents import DocumentReading
marlow = Character.objects.get(slug="captain-marlow")
def give(name, text):
    document = shelf.give(marlow, name, f"# {name}\\n\\n{text}".encode())
    async_to_sync(DocumentReading().read_all)()
    publishing.publish(marlow)
    return document
"""
GIVE = f"""
from characters.management.commands.seed_demo import seed
seed()
{READ_ALL}
give("The log", "{KRAKEN}. Every second Thursday the keepers throw three of them into the water.")
give("The letter", "The mate's secret is {SECRET}.")
"""
DELETE = """
from characters import shelf
from characters.models import Document
shelf.delete(Document.objects.get(title="The letter"))
"""
AGAIN = f"""
{READ_ALL}
give("The letter", "The mate's secret is {SECRET}.")
"""
RECALL = """
from characters import catalog
from voicebot.documents import preview
spec = catalog.get("captain-marlow")
for asked in ("What do krakens eat?", "What is the mate's secret?"):
    for one in preview(spec, [{"role": "user", "content": asked}], 8000):
        print("RECALLED", one.source, one.text)
"""
TABLES = ("characters_document", "characters_documentpiece", "characters_document_characters")

pytestmark = [pytest.mark.local, pytest.mark.django_db]


@pytest.fixture
def house(tmp_path):
    keys = {"SECRET_KEY": development.secret_key(), "SESSION_KEYS": development.session_keys()}
    with fresh_database(f"greenroom_shelf_{os.getpid()}", templates()[0]) as database:
        yield House(tmp_path, database, keys)


@pytest.fixture
def elsewhere(tmp_path, house):
    """Where a backup is put back, again and again: each time into an empty database."""

    with contextlib.ExitStack() as stack:

        def restored(*files) -> House:
            database = stack.enter_context(fresh_database(f"greenroom_shelf_elsewhere_{os.getpid()}"))
            again = House(tmp_path, database, house.keys)
            restore(again, *files)
            return again

        yield restored


def rows(house: House) -> list[int]:
    with psycopg.connect(house.database) as asking:
        return [asking.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


def test_documents_are_recalled_after_a_restore_and_a_deleted_one_is_gone_from_older_backups(
    house, elsewhere, tmp_path
):
    house.command("shell", "-c", GIVE)
    before = house.command("shell", "-c", RECALL)
    assert KRAKEN in before
    assert SECRET in before
    dump, keys, data_keys, journal = (tmp_path / name for name in ("dump", "keys", "data_keys", "journal"))
    house.backup(dump, keys, data_keys, journal)
    whole = rows(house)

    restored = elsewhere(dump, data_keys, journal)
    assert restored.command("shell", "-c", RECALL) == before, "as near as before: the vectors are there"
    assert rows(restored) == whole

    house.command("shell", "-c", DELETE)
    house.backup("-", "-", data_keys, journal)
    restored = elsewhere(dump, data_keys, journal)
    assert rows(restored) == rows(house), "nor for a moment"
    told = restored.command("shell", "-c", RECALL)
    assert KRAKEN in told
    assert SECRET not in told

    by_hand = elsewhere(dump)  # as a dump of before there was a journal is
    assert SECRET in by_hand.command("shell", "-c", RECALL)
    assert "1 documents" in by_hand.command("replay_erasures", str(journal))
    assert rows(by_hand) == rows(house)
    assert SECRET not in by_hand.command("shell", "-c", RECALL)


def test_a_file_that_was_given_again_after_it_was_deleted_stays(house, elsewhere, tmp_path):
    house.command("shell", "-c", GIVE)
    house.command("shell", "-c", DELETE)
    house.command("shell", "-c", AGAIN)
    dump, keys, data_keys, journal = (tmp_path / name for name in ("dump", "keys", "data_keys", "journal"))
    house.backup(dump, keys, data_keys, journal)
    restored = elsewhere(dump, data_keys, journal)
    restored.command("replay_erasures", str(journal))
    assert SECRET in restored.command("shell", "-c", RECALL)

    house.command("shell", "-c", DELETE)
    house.backup("-", "-", data_keys, journal)
    assert SECRET not in elsewhere(dump, data_keys, journal).command("shell", "-c", RECALL)
