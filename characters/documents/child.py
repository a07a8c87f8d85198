"""The process that reads one document: a request on its input, pieces or a refusal as JSON on its output."""

import json
import os
import sys
from typing import Any

from characters.documents import refusals
from characters.documents.document import DocumentUnreadable
from characters.documents.limits import Limits
from characters.documents.readers import read
from characters.text import Reason

# What reading a file never needs. Imports read files, so that opening them to read stays.
REFUSED = (
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.system",
    "os.kill",
    "ctypes.dlopen",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def confine(limits: Limits) -> None:
    """Takes away what a file could misuse: memory, time, files, network and processes."""
    import resource  # Unix has it

    hard = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_secs,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in hard.items():
        _, there = resource.getrlimit(kind)  # a machine may allow less already
        end = most + (kind == resource.RLIMIT_CPU)  # the first signal tells what it was
        end = end if there == resource.RLIM_INFINITY else min(end, there)
        resource.setrlimit(kind, (min(most, end), end))
    os.nice(10)  # voices come first
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """What is done that no reader does ends here, whatever a file made of it."""
    if event.startswith(REFUSED):
        raise PermissionError(event)
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        raise PermissionError(event)


def answer(name: str, content: bytes, limits: Limits) -> dict[str, Any]:
    """What the server is told."""
    try:
        title, kind, pieces = read(name, content, limits)
    except DocumentUnreadable as error:
        return refused(error.reason)
    except MemoryError:
        return refused(refusals.TOO_MUCH_MEMORY)
    except RecursionError:
        return refused(refusals.NESTED)
    except Exception:  # parsers raise anything of a file that is not what it should be
        return refused(refusals.DAMAGED)
    return {"title": title, "kind": kind, "pieces": pieces}


def refused(reason: Reason) -> dict[str, Any]:
    """The sentence as it is: who reads it may have another language."""
    return {"unreadable": [reason.template, dict(reason.values)]}


def main() -> None:
    stdin = sys.stdin.buffer
    request = json.loads(stdin.readline())
    limits = Limits(**request["limits"])
    confine(limits)
    found = answer(request["name"], stdin.read(), limits)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
