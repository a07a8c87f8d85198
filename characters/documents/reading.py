"""Reads a document in a process of its own, with limits of memory and time, no secrets and no network.

A parser that hangs, or that a file has taken over, ends with its process; the server reads only its answer.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from characters.documents import refusals
from characters.documents.document import DocumentUnreadable, Piece, ReadDocument
from characters.documents.limits import LIMITS, MEGABYTE, Limits
from characters.text import Reason, because, cleaned

ROOT = Path(__file__).parent.parent.parent
CHILD = "characters.documents.child"
NAME_LETTERS = 200


def read_document(name: str, content: bytes, limits: Limits = LIMITS) -> ReadDocument:
    """The title and pieces of a file. Takes seconds for a book: not to be called from the event loop.

    Raises DocumentUnreadable, whose text is for the writer.
    """
    name = cleaned(name)[-NAME_LETTERS:]
    if not content.strip(b"\0 \r\n\t"):
        raise DocumentUnreadable(refusals.EMPTY)
    if len(content) > limits.file_bytes:
        raise DocumentUnreadable(
            because(
                "It is larger than {megabytes} MB. Split it into several files.",
                megabytes=limits.file_bytes // MEGABYTE,
            )
        )
    answer = _answer(json.dumps({"name": name, "limits": asdict(limits)}).encode() + b"\n" + content, limits)
    if "unreadable" in answer:
        template, values = answer["unreadable"]
        raise DocumentUnreadable(Reason(template, values))
    pieces = tuple(Piece(heading, text) for heading, text in answer["pieces"])
    return ReadDocument(answer["title"], answer["kind"], pieces)


def _answer(request: bytes, limits: Limits) -> dict[str, Any]:
    with subprocess.Popen(  # noqa: S603 - this very Python and a module of ours
        [sys.executable, "-m", CHILD],
        cwd=ROOT,
        env={"LANG": "C.UTF-8", "PATH": os.defpath},  # none of the server's: a file reads no secret
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # tracebacks quote what was read
        start_new_session=True,
    ) as child:
        try:
            answer, _ = child.communicate(request, timeout=limits.wall_secs)
        except subprocess.TimeoutExpired as error:
            raise DocumentUnreadable(refusals.TOO_SLOW) from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
    if child.returncode in (-signal.SIGXCPU, -signal.SIGALRM):
        raise DocumentUnreadable(refusals.TOO_SLOW)
    try:
        found = json.loads(answer)
    except ValueError as error:  # it was ended, or ran out of memory where Python could not tell
        raise DocumentUnreadable(refusals.NOT_READ) from error
    return found if isinstance(found, dict) else {}
