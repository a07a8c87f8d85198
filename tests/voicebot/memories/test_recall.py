"""Which memories matter at a turn: within a budget of tokens, by meaning where there is an engine."""

import time
import uuid
from concurrent.futures import Future
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from sessions_app.memories import Finding, Recollection
from voicebot.meaning import EmbeddingsMissing, embeddings
from voicebot.memories import Recall
from voicebot.memories.recall import RECALLED
from voicebot.memories.telling import macros

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = [
    "has a dog called Pip", "lives in Hamburg", "likes strawberries", "is a nurse", "does not like rain",
    "likes old maps", "comes from Berlin", "has a boat called Gull", "likes jazz", "likes black tea",
]  # fmt: skip


def memory(text, kind="taste", due="", vector=b"", **more):
    return Recollection(uuid.uuid4(), Finding(text, kind, due=due, **more), NOW, NOW, 0, vector)


NAME = memory("is called Robin", "name", value="Robin")
PLAN = memory("planned to sail to Crete (6 March 2026)", "plan", due="2026-03-06")


def told(known, *said, today=date(2026, 3, 1), **options):
    return [found.text for found in Recall.of(known).matter(said, today, **options)]


def test_few_are_all_told_and_no_question_is_read_for_that():
    class Never:
        def of_question(self, text):
            raise AssertionError

    assert set(told([NAME, PLAN], "Hello", embeddings=Never())) == {NAME.text, PLAN.text}


def test_of_many_the_name_what_is_due_and_what_is_asked_about():
    known = [*map(memory, FACTS), NAME, PLAN]
    found = told(known, "What is my dog called?")
    assert {NAME.text, PLAN.text, FACTS[0]} <= set(found)
    assert len(found) <= RECALLED
    late = NOW.date() + timedelta(days=60)
    assert PLAN.text not in told(known, "What is my dog called?", today=late)


def test_no_more_than_the_budget_is_told():
    known = [memory(f"likes {'very ' * 30}long things {number}") for number in range(50)]
    found = told(known, "long things")
    assert 0 < sum(len(text) for text in found) < 160 * 6


@pytest.mark.local
def test_it_is_found_by_meaning_across_languages():
    engine = embeddings()
    try:
        vectors = [engine.of_passage(text).result() for text in FACTS]
    except EmbeddingsMissing:
        pytest.skip("no engine here")
    known = [
        memory(text, vector=np.asarray(vector, "<f2").tobytes())
        for text, vector in zip(FACTS, vectors, strict=True)
    ]
    for question, fact in (
        ("What shall I feed my pet?", FACTS[0]),
        ("Which town is my home in?", FACTS[1]),
        ("我的狗叫什么？", FACTS[0]),
    ):
        assert fact in told(known, question, embeddings=engine, within_secs=5.0)[:2]


def test_a_question_that_is_read_too_late_is_compared_by_its_words():
    asked = Future()

    class Slow:
        def of_question(self, text):
            assert len(text) <= 80
            return asked

    known = [memory(text, vector=np.ones(384, "<f2").tobytes()) for text in FACTS]
    begun = time.monotonic()
    found = told(known, "What is my dog called?", embeddings=Slow(), within_secs=0.02)
    assert time.monotonic() - begun < 0.5
    assert found[0] == FACTS[0]
    assert asked.cancelled(), "the next question does not wait behind it"


def test_a_thousand_are_searched_within_the_budget_of_time():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(1000, 384)).astype("<f2")
    recall = Recall.of([memory(f"likes thing {n}", vector=vectors[n].tobytes()) for n in range(1000)])
    done: Future = Future()
    done.set_result(vectors[0].astype(np.float32))

    class Ready:
        def of_question(self, text):
            return done

    took = []
    for _ in range(5):
        begun = time.perf_counter()
        recall.matter(["thing 7"], NOW.date(), Ready())
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.02


def test_what_the_macros_stand_for():
    known = [NAME, PLAN, memory(FACTS[0], "life")]
    assert macros(known, "en", NOW.date()) == {
        "": "you have a dog called Pip",
        "name": "Robin",
        "plan": "You planned to sail to Crete. How does it look?",
    }
    assert macros([PLAN], "en", date(2026, 3, 8)) == {
        "": "you planned to sail to Crete",
        "plan": "How did it go?",
    }
    assert macros([PLAN], "en", date(2026, 5, 8)) == {"": "you planned to sail to Crete"}
    assert macros([], "en", NOW.date()) == {}
    assert macros([memory("打算去克里特岛", "plan", due="2026-03-06"), NAME], "zh", NOW.date())[
        "plan"
    ].endswith("？")
