"""Smart Turn's graph is rewritten once, and what stands on disk is not believed blindly."""

import pytest

from voicebot.pipecat_internals.smart_turn import SMART_TURN_FILE
from voicebot.turns import kept_graph, onnx_sessions, smart_turn_graph

MODEL = onnx_sessions.shipped(*SMART_TURN_FILE)


@pytest.fixture
def times_made(monkeypatch):
    made: list[int] = []
    make = smart_turn_graph.rewritten

    def counted(model: bytes):
        made.append(len(model))
        return make(model)

    monkeypatch.setattr(smart_turn_graph, "rewritten", counted)
    return made


def test_the_second_start_reads_what_the_first_one_made(tmp_path, times_made):
    first, second = (kept_graph.rewritten(MODEL, tmp_path) for _ in range(2))
    assert first == second == smart_turn_graph.rewritten(MODEL).SerializeToString()
    assert len(times_made) == 1 + 1  # and the one of the line above
    assert len(list(tmp_path.iterdir())) == 1, "no half written file is left"


def cut(kept: bytes) -> bytes:
    return kept[: len(kept) // 2]


def flipped(kept: bytes) -> bytes:
    return kept[:-1] + bytes([kept[-1] ^ 1])


@pytest.mark.parametrize("damage", [cut, flipped, lambda _: b""], ids=["cut", "flipped", "empty"])
def test_a_damaged_file_is_made_anew(tmp_path, times_made, damage):
    graph = kept_graph.rewritten(MODEL, tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert kept_graph.rewritten(MODEL, tmp_path) == graph
    assert len(times_made) == 2
    assert path.read_bytes() == whole


def test_another_processor_or_library_has_a_file_of_its_own_and_the_older_one_goes(
    tmp_path, times_made, monkeypatch
):
    kept_graph.rewritten(MODEL, tmp_path)
    (before,) = tmp_path.iterdir()
    monkeypatch.setattr(kept_graph.onnxruntime, "__version__", "another")
    kept_graph.rewritten(MODEL, tmp_path)
    (after,) = tmp_path.iterdir()
    assert after != before
    monkeypatch.setattr(kept_graph, "pairs_overflow", lambda: not onnx_sessions.pairs_overflow())
    kept_graph.rewritten(MODEL, tmp_path)
    assert len(times_made) == 3


def test_where_nothing_can_be_written_it_is_made_all_the_same(tmp_path, caplog):
    (tmp_path / "models").write_text("a file where the folder should be")
    assert kept_graph.rewritten(MODEL, tmp_path / "models")
    assert "cannot be written" in caplog.text
