"""Servers of tests need not read again what the demo characters have written."""

from tests import meanings
from voicebot.meaning import VectorStore


def test_what_was_read_once_is_there_for_all_servers(tmp_path):
    texts = ["How old is the lighthouse?", "Who keeps the lamp?"]
    meanings.read(texts)
    meanings.copy_meanings(tmp_path)

    def read_again(some):
        raise AssertionError(f"read again: {some}")

    assert len(VectorStore(tmp_path / meanings.FILE).vectors(texts, read_again)) == len(texts)
