"""What keeps the memory of a process small: packed lookups, mapped weights, pages nobody has used."""

import mmap
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests.servers import ROOT
from voicebot.ops import process_memory
from voicebot.providers.local.packed_lookup import PackedLookup
from voicebot.providers.local.voices import mapped_weights

VALUES = st.one_of(st.text(), st.dictionaries(st.text(max_size=4), st.none() | st.text() | st.floats(-9, 9)))


@given(st.dictionaries(st.text(), VALUES), st.text())
def test_a_packed_lookup_answers_as_a_dictionary_does(content, other):
    packed = PackedLookup(content)
    assert len(packed) == len(content)
    for key in [*content, other, ""]:
        assert (key in packed) == (key in content)
        assert packed.get(key) == content.get(key)
    assert packed.get(other + "\0nowhere", 7) == 7


def model(scale: float) -> onnx.ModelProto:
    """y = x * weights, with weights that are large enough to lie in a file of their own."""
    weights = numpy_helper.from_array(np.full((1, 4096), scale, np.float32), "weights")
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "weights"], ["y"])],
        "scaled",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4096])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4096])],
        [weights],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def answer(session: onnxruntime.InferenceSession) -> float:
    return float(session.run(None, {"x": np.ones((1, 4096), np.float32)})[0][0, 0])


@pytest.fixture
def made(settings, tmp_path):
    """How often a model had to be made."""
    settings.DATA_DIR = tmp_path
    made: list[float] = []

    def session(name: str, sha256: str, scale: float) -> float:
        def make() -> onnx.ModelProto:
            made.append(scale)
            return model(scale)

        return answer(mapped_weights.session(name, sha256, make, onnxruntime.SessionOptions()))

    return session, made, tmp_path / "models"


def test_weights_are_kept_in_a_file_and_read_from_there(made):
    session, times, folder = made
    assert session("voice", "a" * 64, 3) == 3
    assert session("voice", "a" * 64, 5) == 3, "made anew although it is there"
    assert times == [3]
    assert [path.name for path in folder.iterdir()] == [f"voice-{'a' * 16}"]
    (kept,) = folder.iterdir()
    assert (kept / "weights.bin").stat().st_size >= 4096 * 4


@pytest.mark.parametrize("file", ["graph.onnx", "weights.bin", "sums"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_damaged_files_are_made_anew(made, file, damage):
    session, times, folder = made
    session("voice", "a" * 64, 3)
    (kept,) = folder.iterdir()
    content = bytearray((kept / file).read_bytes())
    if damage == "gone":
        (kept / file).unlink()
    else:
        content[len(content) // 2] ^= 255
        (kept / file).write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    assert session("voice", "a" * 64, 3) == 3
    assert times == [3, 3]
    assert session("voice", "a" * 64, 3) == 3
    assert times == [3, 3], "what was made anew is kept"


def test_another_version_takes_the_place_of_the_one_before(made):
    session, times, folder = made
    session("voice", "a" * 64, 3)
    session("other", "c" * 64, 4)
    assert session("voice", "b" * 64, 5) == 5
    assert sorted(path.name for path in folder.iterdir()) == [f"other-{'c' * 16}", f"voice-{'b' * 16}"]
    assert times == [3, 4, 5]


def test_without_a_place_for_files_it_speaks_all_the_same(made, caplog):
    session, _, folder = made
    folder.write_text("in the way")
    assert session("voice", "a" * 64, 3) == 3
    assert "held in memory" in caplog.text


def resident(start: int, size: int) -> int:
    """Resident kilobytes of a mapping, by its line in smaps (proc(5))."""
    lines = iter(open("/proc/self/smaps"))  # noqa: SIM115, PTH123
    for line in lines:
        begins, _, rest = line.partition("-")
        if not rest or " kB" in line or ":" in begins:
            continue
        ends = int(rest.split()[0], 16)
        if int(begins, 16) <= start < ends:
            return next(int(found.split()[1]) for found in lines if found.startswith("Rss:"))
    raise AssertionError("no such mapping")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of Linux")
def test_pages_of_zeros_are_given_back_and_others_stay():
    script = """
import mmap, ctypes, numpy as np
from voicebot.ops import process_memory
from tests.voicebot.providers.local.test_room import resident
size = 64 * 2**20
before = process_memory.mappings(size)
held = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
view = np.frombuffer(held, np.uint8)
view[:] = 0
view[5_000_000] = 7
view[-1] = 9
new = {start: end for start, end in process_memory.mappings(size).items() if before.get(start) != end}
assert len(new) == 1, new
(start, end), = new.items()
full = resident(start, size)
released = process_memory.release_zeros(start, end)
print(full // 1024, released // 2**20, resident(start, size) // 1024)
print(int(view[5_000_000]), int(view[-1]), int(view.astype(np.int64).sum()))
"""
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()\n" + script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    sizes, content = (list(map(int, line.split())) for line in done.stdout.splitlines()[-2:])
    full, released, left = sizes
    assert full >= 60
    assert released >= 60
    assert left <= 4
    assert content == [7, 9, 16], "what was written is still there"


def test_small_mappings_are_not_looked_at():
    assert all(end - start >= 2**30 for start, end in process_memory.mappings(2**30).items())
    assert mmap.PAGESIZE <= process_memory.LOOK_BYTES
    process_memory.trim_heap()


HEAPS_OF_THREADS = """
import ctypes, os, sys, tempfile, threading
from voicebot.ops import process_memory
if sys.argv[1] == "bounded":
    process_memory.bound_arenas()
met = threading.Barrier(12)
def work():
    held = [bytes(2_000) for _ in range(2_000)]
    met.wait(30)
threads = [threading.Thread(target=work) for _ in range(12)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(open(file.name).read().count("<heap nr="))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="of glibc")
@pytest.mark.parametrize(("environment", "most"), [({}, 2), ({"MALLOC_ARENA_MAX": "5"}, 5)])
def test_threads_share_a_few_heaps_and_the_operator_may_say_how_many(environment, most):
    def heaps(asked: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()\n" + HEAPS_OF_THREADS, asked],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout.splitlines()[-1])

    assert heaps("bounded") == most
    if not environment:
        assert heaps("as it comes") > most
