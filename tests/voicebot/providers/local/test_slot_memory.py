"""What llama.cpp keeps of a conversation goes when the conversation is over; nothing else does."""

import mmap
import sys

import numpy as np
import pytest

from voicebot.ops import process_memory
from voicebot.providers.local import slot_memory, smollm

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="madvise of Linux")
QUESTION = [{"role": "user", "content": "What is a quandong, and where does it grow?"}]


def answer(slot: int) -> tuple[str, int]:
    """What the model says in a slot, and how many tokens it had read there before."""
    asked = {"messages": QUESTION, "max_tokens": 8, "temperature": 0, "id_slot": slot, "cache_prompt": True}
    told = smollm._post("/v1/chat/completions", asked, smollm.READ_SECS)
    return told["choices"][0]["message"]["content"], told["timings"]["cache_n"]


def test_a_slot_is_empty_when_its_conversation_is_over_and_others_go_on():
    memory = smollm._served()[1]
    assert memory is not None, "llama.cpp lays its slots out in another way: see slot_memory"
    for slot in (0, 1):
        smollm.forget(slot)
    assert memory.empty(0)
    first, _ = answer(0)
    assert answer(1)[0] == first
    assert memory.written(0)
    again = answer(1)  # read before: numerically not quite the same as the first time
    smollm.forget(0)
    assert memory.empty(0), "what was said is still in memory"
    assert memory.written(1)
    assert answer(1) == again
    assert again[1] > 0, "the other conversation was read anew"
    assert answer(0) == (first, 0)
    smollm.forget(0)
    smollm.forget(1)


def test_what_was_read_into_a_file_does_not_stay_in_memory_besides():
    memory = smollm._served()[1]
    assert memory is not None
    opening = [{"role": "system", "content": "You are the keeper of a lighthouse, and of its cat."}]
    smollm.openings().lay(0, opening)
    assert memory.written(0)
    assert memory.empty(smollm.READING)
    smollm.forget(0)
    smollm.openings().lay(0, opening)
    assert memory.written(0), "what came back from the file is not there"
    smollm.forget(0)


@pytest.fixture
def cache():
    """Two parts of two slots of four pages, right behind something else, as an allocation is."""
    part = 4 * mmap.PAGESIZE
    held = mmap.mmap(-1, 6 * part, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    view = np.frombuffer(held, np.uint8)
    start = view.ctypes.data
    view[:64] = view[64 + 4 * part :] = 9  # what lies before and behind
    found = slot_memory.find({start: start + 6 * part}, parts=2, slots=2, part_bytes=part)
    return found, view, part, 64


def test_it_is_found_between_what_lies_around_it(cache):
    found, view, part, at = cache
    assert found is not None
    assert found.start == view.ctypes.data + at
    assert (found.end - found.start, found.parts) == (4 * part, 2)


@pytest.mark.parametrize(
    ("writes", "believed"),
    [((0, 2), True), ((0,), False), ((0, 1, 2), False), ((), False), ((1, 3), False)],
)
def test_it_is_believed_only_where_a_prompt_writes_into_its_own_slot(cache, writes, believed, caplog):
    found, view, part, at = cache

    def read() -> None:
        for piece in writes:
            view[at + piece * part + 5] = 1

    assert (slot_memory.checked(found, 0, read) is not None) == believed
    assert ("another way" in caplog.text) != believed


def test_a_slot_is_wiped_to_the_byte_and_its_whole_pages_are_given_back(cache):
    found, view, part, at = cache
    view[at : at + 4 * part] = 7
    assert found.release(0) == 2 * (part - mmap.PAGESIZE), "part of its first and last page are others'"
    assert (view[at + part : at + 2 * part] == 7).all()
    assert (view[at + 3 * part : at + 4 * part] == 7).all()
    assert view[0] == view[-1] == 9


@pytest.mark.parametrize("sizes", [(5, 5), (1,), ()])
def test_what_is_not_certain_is_left_alone(sizes):
    part = 4 * mmap.PAGESIZE
    held = [mmap.mmap(-1, size * part, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for size in sizes]
    starts = [np.frombuffer(one, np.uint8).ctypes.data for one in held]
    spans = {start: start + size * part for start, size in zip(starts, sizes, strict=True)}
    assert slot_memory.find(spans, parts=2, slots=2, part_bytes=part) is None
    assert slot_memory.checked(None, 0, lambda: pytest.fail("read for nothing")) is None


def test_runs_of_zeros_are_found_to_the_byte(monkeypatch):
    monkeypatch.setattr(process_memory, "LOOK_BYTES", mmap.PAGESIZE)
    held = mmap.mmap(-1, 4 * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    view = np.frombuffer(held, np.uint8)
    start = view.ctypes.data
    view[[0, 10, 9000, 9001]] = 1
    runs = process_memory.zeros(start, start + len(view), 9)
    assert [(a - start, b - start) for a, b in runs] == [(1, 10), (11, 9000), (9002, len(view))]
