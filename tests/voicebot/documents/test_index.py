"""The index of documents: what it finds, what it leaves, and in what time."""

import time

import numpy as np
import pytest

from tests.voicebot.documents.shelves import needs_engine
from voicebot.documents import UNRELATED, DocumentIndex, Passage, as_bytes, rows_of
from voicebot.documents.vectors import TEXTS, common
from voicebot.meaning import DIMENSIONS, PassageReader, embeddings

PASSAGES = {
    "The kraken lives under the black rock near the harbour of Tollhaven and eats nothing but lanterns. Every"
    " second Thursday the keepers throw three brass lanterns into the water.": "What does the kraken eat?",
    "The Marigold has a crew of nine. The cook is called Old Bess and she was born in Bristol in 1803.": (
        "Who is the cook on your ship?"
    ),
    "The Marigold is a brig with two masts, square rigged on both.": "how many masts does she have",
    "A vessel of less than fifty tons pays four shillings a night at the stone quay.": (
        "What do I pay for a night at the quay?"
    ),
    "Opened bottles are not taken back, and a deposit of two pounds is kept for each crate.": (
        "Can I bring back an opened bottle?"
    ),
    "港口：灯塔建于1790年，由石匠陈海负责。灯每晚在日落后半小时点亮，由两名看守轮流值班。": "灯塔是谁建的？",
    "茶馆：梅姨的茶馆最有名的是桂花乌龙，每壶十二文。每月初一不营业，因为她要去山上采茶。": (
        "茶馆什么时候不开门？"
    ),
}
NOTHING = (
    "How are you today?", "What is your favourite colour?", "Tell me a joke.", "I have a dog called Pip.",
    "你今天好吗？", "Good evening, captain.", "Do you like music?", "My exam is on Friday.",
)  # fmt: skip


def random_rows(count, seed=1):
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index_of(vectors):
    passages = [Passage("The log", "", str(number)) for number in range(len(vectors))]
    return DocumentIndex(passages, rows_of([as_bytes(vector) for vector in vectors]))


def test_bytes_rank_passages_as_the_vectors_themselves_do():
    vectors = random_rows(1500)
    question = vectors[700] + 0.9 * random_rows(1, seed=2)[0]
    question /= np.linalg.norm(question)
    mean = (vectors.sum(axis=0) + 24 * common()) / (1500 + 24)
    apart = vectors - mean
    exact = (apart / np.linalg.norm(apart, axis=1, keepdims=True)) @ (
        (question - mean) / np.linalg.norm(question - mean)
    )
    found = index_of(vectors).scores(question)
    assert np.abs(found - exact).max() < 0.01
    assert [hit.passage.text for hit in index_of(vectors).search(question, 1)] == ["700"]


def test_what_is_empty_finds_nothing_and_one_alone_is_found():
    assert index_of(random_rows(0)).search(random_rows(1)[0], 3) == []
    (alone,) = random_rows(1)
    assert [hit.passage.text for hit in index_of([alone]).search(alone, 3)] == ["0"]


@pytest.mark.local
def test_each_question_finds_its_passage_and_small_talk_finds_none():
    needs_engine()
    reader, engine = PassageReader(), embeddings()
    rows = [as_bytes(reader.of(text).result()) for text in PASSAGES]
    index = DocumentIndex([Passage("", "", text) for text in PASSAGES], rows_of(rows))
    for text, question in PASSAGES.items():
        hits = index.search(engine.of_question(question).result(), 3)
        assert hits, question
        assert hits[0].passage.text == text, question
    for said in NOTHING:
        assert index.scores(engine.of_question(said).result()).max() < UNRELATED, said


@pytest.mark.local
def test_what_all_texts_have_in_common_is_of_this_engine():
    """After another model, `vectors.py` needs another one."""
    needs_engine()
    reader = PassageReader()
    mean = np.mean([reader.of(text).result() for text in TEXTS], axis=0)
    assert np.abs(mean - common()).max() < 0.005


@pytest.mark.alone
def test_twenty_thousand_pieces_are_searched_within_twenty_milliseconds():
    index, (question,) = index_of(random_rows(20_000)), random_rows(1, seed=3)
    took = []
    for _ in range(10):
        begun = time.perf_counter()
        index.search(question, 3)
        took.append(time.perf_counter() - begun)
    assert sorted(took)[len(took) // 2] < 0.02
