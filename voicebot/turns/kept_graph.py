"""Smart Turn's rewritten graph on disk: rewriting it takes a second of a start, reading it a fortieth.

The file's name says what it was made from: the model, the code that rewrote it, the library, the kind of
processor. It begins with the SHA-256 of the rest, so that one that is damaged is made anew.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from importlib import resources
from pathlib import Path

import onnxruntime
from django.conf import settings

from voicebot.turns.onnx_sessions import load, pairs_overflow

log = logging.getLogger(__name__)

DIGEST = hashlib.sha256().digest_size


def session(model: bytes) -> onnxruntime.InferenceSession:
    """A session over the rewritten graph of a model."""
    # A higher level would fuse the softmax again; the rest has been done.
    return load(rewritten(model, Path(settings.DATA_DIR) / "models"), "ORT_ENABLE_BASIC")


def rewritten(model: bytes, folder: Path) -> bytes:
    """The graph, from the file in `folder`; made and kept there if there is no sound one."""
    path = folder / f"smart-turn-{_made_from(model)}.onnx"
    if (graph := _read(path)) is not None:
        return graph
    from voicebot.turns import smart_turn_graph  # imports onnx, which takes as long as the rest

    graph = smart_turn_graph.rewritten(model).SerializeToString()
    try:
        _write(path, graph)
    except OSError as error:
        log.warning("Smart Turn's graph is made anew at each start: %s cannot be written (%s)", path, error)
    return graph


def _made_from(model: bytes) -> str:
    code = resources.files(__package__).joinpath("smart_turn_graph.py").read_bytes()
    about = f"{onnxruntime.__version__} {pairs_overflow()}".encode()
    return hashlib.sha256(
        b"".join(hashlib.sha256(part).digest() for part in (model, code, about))
    ).hexdigest()[:16]


def _read(path: Path) -> bytes | None:
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    digest, graph = kept[:DIGEST], kept[DIGEST:]
    return graph if graph and hashlib.sha256(graph).digest() == digest else None


def _write(path: Path, graph: bytes) -> None:
    """All at once, in place of those that older code or another library has left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(hashlib.sha256(graph).digest() + graph)
    Path(name).replace(path)
    for older in path.parent.glob("smart-turn-*.onnx"):
        if older != path:
            older.unlink(missing_ok=True)
