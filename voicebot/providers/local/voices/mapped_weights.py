"""Weights that lie in a file beside their graph, so that the system maps them in instead of copying them.

ONNX Runtime copies weights out of a graph that holds them, and reading one takes as much again: a voice of
63 MB took 195 MB of memory. Mapped from a file of their own they take 26 MB, of which the system drops what
nobody uses, and processes share them. The file's name says what it was made from.

While it computes, a session takes memory for the longest sentence that it has spoken, 150 MB with Piper, and
keeps it: taken anew for each sentence, long ones would cost more time. In a pause it can be given back.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
from django.conf import settings

if TYPE_CHECKING:
    import onnx

log = logging.getLogger(__name__)

CPU = ["CPUExecutionProvider"]
LARGE_BYTES = 1024  # weights below this size stay in the graph
SUMS = "sums"  # the SHA-256 of both files
# "Memory arena shrinkage" in ONNX Runtime's list of run options, for the arena of the first processor.
SHRINKS = "memory.enable_memory_arena_shrinkage", "cpu:0"
_giving_back: ContextVar[bool] = ContextVar("giving_back", default=False)


class MappedSession:
    """An `InferenceSession` that gives back what it computed in at the end of a run within `giving_back`.

    Takes what that takes. It has one, and is none: ONNX Runtime's class is not asked for before it is used.
    """

    def __init__(self, model: str | bytes, options: onnxruntime.SessionOptions) -> None:
        self._session = onnxruntime.InferenceSession(model, options, providers=CPU)

    def run(self, names: list[str] | None, inputs: Mapping[str, Any], run_options: Any = None) -> Any:
        """The outputs of those names, all of them for None."""
        if run_options is None and _giving_back.get():
            run_options = onnxruntime.RunOptions()
            run_options.add_run_config_entry(*SHRINKS)
        return self._session.run(names, inputs, run_options)


@contextmanager
def giving_back() -> Iterator[None]:
    """Within it each run, the shorter the better, ends with its session's memory given back."""
    token = _giving_back.set(True)
    try:
        yield
    finally:
        _giving_back.reset(token)


def session(
    name: str, sha256: str, make: Callable[[], onnx.ModelProto], options: onnxruntime.SessionOptions
) -> MappedSession:
    """A session over what `make` gives, from files in the data folder that are made at first.

    `sha256` is that of what it is made from. Without a place for files the session holds its weights itself.
    Raises what `make` raises.
    """
    folder = Path(settings.DATA_DIR) / "models" / f"{name}-{sha256[:16]}"
    graph = folder / "graph.onnx"
    if not _sound(folder):
        model = make()
        try:
            _keep(model, folder)
        except OSError as error:
            log.warning(
                "the weights of %s are held in memory, as %s cannot be written: %s", name, folder, error
            )
            return MappedSession(model.SerializeToString(), options)
    return MappedSession(str(graph), options)


def _sums(folder: Path) -> str:
    """The sums of both files. Raises OSError."""
    found = []
    for name in ("graph.onnx", "weights.bin"):
        with (folder / name).open("rb") as file:
            found.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(found)


def _sound(folder: Path) -> bool:
    try:
        return (folder / SUMS).read_text() == _sums(folder)
    except (OSError, UnicodeDecodeError):
        return False


def _keep(model: onnx.ModelProto, folder: Path) -> None:
    """Writes both files, all at once, in place of those of another version. Raises OSError."""
    import onnx  # takes a quarter of a second and 15 MB, once for each version of the weights

    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        onnx.save(
            model,
            str(made / "graph.onnx"),
            save_as_external_data=True,
            location="weights.bin",
            size_threshold=LARGE_BYTES,
        )
        (made / SUMS).write_text(_sums(made))
        made.chmod(0o755)
        _remove(folder)
        try:
            made.rename(folder)
        except OSError:
            if not _sound(folder):  # unless another process was quicker
                raise
    finally:
        _remove(made)
    kept = f"{folder.name.split('-')[0]}-*"
    for older in folder.parent.glob(kept):
        if older != folder:
            _remove(older)


def _remove(folder: Path) -> None:
    """Takes away a folder of ours; files that a running process has mapped stay with it until it ends."""
    for file in folder.glob("*") if folder.is_dir() else ():
        file.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()
