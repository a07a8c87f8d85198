"""Lore that is meant though nobody says its key words: at a visitor's turn, with the engine and without."""

import pytest

from characters.content import NEW_LORE
from characters.lore import lorebook_of
from characters.lore.rules.meaning import ByMeaning, changed
from characters.lore.shared import RULES
from characters.spec import CharacterSpec
from tests.patience import PATIENCE_SECS
from tests.voicebot.pipeline.test_conversation_state import state
from voicebot.lore import LoreIndexes, lore_indexes
from voicebot.meaning import EmbeddingsMissing, SentenceEmbeddings, VectorStore, embeddings
from voicebot.pipeline.prompting import prepare

MEANT = changed("{}", ByMeaning(wanted=True), "")
ENTRIES = {
    "The lighthouse": "Its lamp has been dark since the keeper fell in love and left.",
    "Soup": "The fish soup has saffron and fennel, and nobody else may stir it.",
    "船医": "老奎尔拔牙，用帆线缝伤口，用青柠汁治发烧。",
}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """A machine that has much to do reads entries later."""
    monkeypatch.setattr("voicebot.lore.indexes.READING_SECS", PATIENCE_SECS)


def book_of(entries=ENTRIES, rest=MEANT):
    rows = [
        {**NEW_LORE, "name": name, "keys": [name], "content": text, "rest": rest}
        for name, text in entries.items()
    ]
    return lorebook_of(dict.fromkeys(RULES), rows)


def nobody():
    raise EmbeddingsMissing("for this test")


def indexes(tmp_path, engine=None):
    path = tmp_path / "meanings.sqlite3"
    return LoreIndexes(engine or embeddings(), VectorStore(path, "passage "), VectorStore(path))


@pytest.mark.local
@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Why is there no light on the cliff at night?", 0),
        ("Could you teach me to cook like you? What's in that pot?", 1),
        ("我的手割破了，有人能看看吗？", 2),
        ("What's the capital of France?", None),
        ("今天天气怎么样？", None),
    ],
)
def test_what_is_meant_is_near_and_nothing_else(tmp_path, said, meant):
    near = indexes(tmp_path).near(book_of(), said, PATIENCE_SECS, patient=True)
    assert [number for number, one in near.items() if one.sure >= 0.4] == ([] if meant is None else [meant])
    assert all(one.by_meaning for one in near.values())


@pytest.mark.local
def test_one_entry_alone_is_told_from_small_talk(tmp_path):
    alone = book_of({"Soup": ENTRIES["Soup"]})
    here = indexes(tmp_path)
    assert here.near(alone, "How do you make it taste so good?", PATIENCE_SECS, patient=True)[0].sure > 0.5
    assert here.near(alone, "The bus was late this morning.", PATIENCE_SECS)[0].sure < 0.2


@pytest.mark.local
def test_an_index_is_read_once_and_then_from_the_disk(tmp_path):
    indexes(tmp_path).near(book_of(), "Hello.", PATIENCE_SECS, patient=True)
    read = []

    class Counting(SentenceEmbeddings):
        def of_passage(self, text):
            read.append(text)
            return super().of_passage(text)

    again = indexes(tmp_path, Counting())
    assert again.near(book_of(), "Who lives in the tower?", PATIENCE_SECS, patient=True)[0].by_meaning
    assert not read


def test_without_the_engine_letters_decide_and_it_is_said(tmp_path):
    here = indexes(tmp_path, SentenceEmbeddings(nobody))
    near = here.near(book_of(), "saffron and fennel in the fish soup", 1.0, patient=True)
    assert not any(one.by_meaning for one in near.values())
    assert near[1].sure > 0.5
    assert near[0].sure < 0.5


def test_what_the_entries_of_a_book_say_is_put_together_once(tmp_path, monkeypatch):
    put_together = []
    monkeypatch.setattr("voicebot.lore.indexes.text_of", lambda entry: put_together.append(entry) or "text")
    here, book, again = indexes(tmp_path, SentenceEmbeddings(nobody)), book_of(), book_of()
    assert here.index(book) is here.index(book) is here.index(again), "by what it says, whoever holds it"
    assert len(put_together) == 2 * len(ENTRIES)


def test_a_book_without_such_entries_costs_nothing(tmp_path):
    engine = SentenceEmbeddings(nobody)
    assert indexes(tmp_path, engine).near(book_of(rest="{}"), "Who lives in the tower?", 1.0) == {}
    assert engine.missing == "", "it was not even tried"


@pytest.mark.local
def test_the_prompt_of_a_turn_has_what_is_meant(settings):
    book = book_of()
    lore_indexes().index(book)
    lore_indexes().read()
    embeddings().of_question("warm").result()
    one = state(CharacterSpec(slug="a", name="A", llm_provider="openai", book=book))
    said = "Why is there no light on the cliff at night?"
    embeddings().of_question(said).result()  # on a busy machine 20 ms may not do
    prepared = prepare(one, [{"role": "user", "content": said}])
    text = str(prepared.prompt.as_messages())
    assert ENTRIES["The lighthouse"] in text
    assert ENTRIES["Soup"] not in text
    over = [{"role": "user", "content": said}, {"role": "assistant", "content": "Aye."}]
    silent = [*over, {"role": "user", "content": "(Say something about why there is no light on the cliff.)"}]
    for history in (over, silent):
        text = str(prepare(one, history).prompt.as_messages()[0])
        assert ENTRIES["The lighthouse"] not in text, "nobody has just asked for it"
    prepared = prepare(one, [{"role": "user", "content": "Good evening."}])
    assert not any(content in str(prepared.prompt.as_messages()) for content in ENTRIES.values())
