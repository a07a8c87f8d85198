"""Vectors of what the demo characters have written, for the servers of tests: read once on a machine.

There are 2,487 of them, forty seconds of a core, and each server whose characters speak by a model would read
them anew. Who makes the databases has them read beside the first tests; a server that starts meanwhile reads
what is not there yet. They stay when the code changes.

Run as `python -m tests.meanings QUESTIONS PARENT`: a file with a JSON list of texts, which is gone when all
are read; the process without which this one ends.
"""

import contextlib
import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.workers import SHARED

FILE = "meanings.sqlite3"


def begin_reading(questions: Path) -> None:
    """In a process of its own, which ends with the calling one; the next run goes on there."""
    subprocess.Popen(
        [sys.executable, "-m", "tests.meanings", str(questions), str(os.getpid())],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@/nothing"},  # it holds no embedded server up
        stdin=subprocess.DEVNULL,
    )


def copy_meanings(place: Path) -> None:
    """What has been read so far, as a server keeps it in its DATA_DIR, if that is there and has none."""
    if not (SHARED / FILE).exists() or not place.is_dir() or (place / FILE).exists():
        return
    with (
        contextlib.closing(sqlite3.connect(SHARED / FILE, timeout=60)) as known,
        contextlib.closing(sqlite3.connect(place / FILE)) as copy,
    ):
        known.backup(copy)


def read(texts: list[str], parent: int | None = None) -> None:
    from voicebot.meaning import EmbeddingsMissing, VectorStore, embeddings
    from voicebot.meaning.embeddings import go_behind

    def rest(_: float) -> None:
        if parent not in (None, os.getppid()):
            sys.exit()

    go_behind()
    with contextlib.suppress(EmbeddingsMissing):  # no server has any either
        VectorStore(SHARED / FILE).vectors(texts, lambda some: embeddings().of_questions(some, rest))


def main(questions: Path, parent: int) -> None:
    with (SHARED / f"{FILE}.reading").open("w") as reading:
        try:
            fcntl.flock(reading, fcntl.LOCK_EX | fcntl.LOCK_NB)
            texts = json.loads(questions.read_text())
        except OSError:
            return  # another worker's process is at it, or has done it
        read(texts, parent)
        questions.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
