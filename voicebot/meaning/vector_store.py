"""Vectors on disk, by a digest of their text: what editors have written is read once, not at each start.

The texts are not kept. What visitors say never comes in here.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from voicebot.meaning.embeddings import DIMENSIONS, MODEL, Vectors

log = logging.getLogger(__name__)

KEPT_VECTORS = 50_000  # of 768 bytes each; the oldest go first
WAIT_SECS = 5.0  # for another process that writes
SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
ORDER = "CREATE TABLE IF NOT EXISTS written (number INTEGER PRIMARY KEY, digest BLOB NOT NULL)"
AT_ONCE = 32  # texts that are read between two writes: who is killed begins there again


def digest_of(text: str, kind: str = "") -> bytes:
    return hashlib.sha256(f"{MODEL}\0{kind}{text}".encode(errors="replace")).digest()


class VectorStore:
    """A SQLite file at `path`, shared by the processes of a machine. Without it, all is read again.

    `kind` tells vectors of passages from those of questions, which are others for the same text.
    """

    def __init__(self, path: Path, kind: str = ""):
        self._path, self._kind = path, kind

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = sqlite3.connect(self._path, timeout=WAIT_SECS)
        file.execute(SCHEMA)
        file.execute(ORDER)
        return file

    def vectors(self, texts: Sequence[str], read: Callable[[Sequence[str]], Vectors]) -> Vectors:
        """The vectors of texts, in their order; `read` is asked for those that are not there."""
        digests = [digest_of(text, self._kind) for text in texts]
        found = dict(self._found(digests))
        lacking = [(text, at) for text, at in zip(texts, digests, strict=True) if at not in found]
        lacking = list({at: (text, at) for text, at in lacking}.values())
        for begin in range(0, len(lacking), AT_ONCE):
            some = lacking[begin : begin + AT_ONCE]
            new = dict(zip((at for _, at in some), read([text for text, _ in some]), strict=True))
            self._keep(new)
            found |= new
        rows = [np.asarray(found[at], np.float32) for at in digests]
        return np.stack(rows) if rows else np.zeros((0, DIMENSIONS), np.float32)

    def _found(self, digests: Sequence[bytes]) -> Mapping[bytes, Vectors]:
        found: dict[bytes, Vectors] = {}
        try:
            with closing(self._open()) as file:
                for at in set(digests):
                    row = file.execute("SELECT vector FROM vectors WHERE digest = ?", (at,)).fetchone()
                    if row and len(row[0]) == 2 * DIMENSIONS:
                        found[at] = np.frombuffer(row[0], np.float16).astype(np.float32)
        except (sqlite3.Error, OSError) as error:
            self._complain(error)
        return found

    def _keep(self, new: Mapping[bytes, Vectors]) -> None:
        try:
            with closing(self._open()) as file, file:
                rows = [(at, vector.astype(np.float16).tobytes()) for at, vector in new.items()]
                file.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
                file.executemany("INSERT INTO written (digest) VALUES (?)", [(at,) for at in new])
                old = "SELECT number, digest FROM written ORDER BY number DESC LIMIT -1 OFFSET ?"
                gone = file.execute(old, (KEPT_VECTORS,)).fetchall()
                file.executemany("DELETE FROM written WHERE number = ?", [(number,) for number, _ in gone])
                file.executemany("DELETE FROM vectors WHERE digest = ?", [(at,) for _, at in gone])
        except (sqlite3.Error, OSError) as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        log.warning("vectors of written questions are not kept on disk (%s)", error)
