"""Gives back memory that nobody has use for yet, or any more. Linux with glibc; elsewhere nothing is done."""

import ctypes
import logging
import mmap
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)

MAPS = Path("/proc/self/maps")
ANONYMOUS = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$", re.MULTILINE)
LOOK_BYTES = 2**20  # at once
MADV_DONTNEED = 4
M_ARENA_MAX = -8  # mallopt(3)
ARENAS = 2  # the event loop's, and one that all other threads share: they rarely allocate at the same time


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def bound_arenas() -> None:
    """Lets all threads share a few of glibc's heaps; does nothing where MALLOC_ARENA_MAX says how many.

    By default it makes eight a core, and what a model's thread freed in its own is of no use to another's.
    Heaps that exist already stay: call it before threads begin.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            _libc().mallopt(M_ARENA_MAX, ARENAS)


def trim_heap() -> None:
    """Returns what was freed, and lies between what is in use. Takes some milliseconds."""
    with suppress(OSError, AttributeError):  # another system, another library
        _libc().malloc_trim(0)


def mappings(least_bytes: int) -> dict[int, int]:
    """The anonymous mappings of this process of at least so many bytes: end by start."""
    try:
        found = ANONYMOUS.findall(MAPS.read_text())
    except OSError:
        return {}
    spans = ((int(start, 16), int(end, 16)) for start, end in found)
    return {start: end for start, end in spans if end - start >= least_bytes}


def _page_from(address: int) -> int:
    """Where the first page begins that is not before an address."""
    return -(-address // mmap.PAGESIZE) * mmap.PAGESIZE


def _bytes(start: int, end: int) -> np.ndarray:
    return np.ctypeslib.as_array((ctypes.c_uint8 * (end - start)).from_address(start))


def blocks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The pages of a span in blocks of a megabyte: where each begins and ends."""
    for at in range(_page_from(start), end, LOOK_BYTES):
        yield at, min(at + LOOK_BYTES, end)


def is_zero(start: int, end: int) -> bool:
    """Whether every byte of a span is zero."""
    return not _bytes(start, end).any()


def zeros(start: int, end: int, least_bytes: int) -> list[tuple[int, int]]:
    """The runs of at least so many zeros in a mapping, to the byte: where each begins and ends."""
    runs, begun = [], start
    for block, ends in blocks(start, end):
        written = block + np.flatnonzero(_bytes(block, ends))
        if not written.size:
            continue
        edges = np.concatenate(([begun - 1], written))
        gaps = np.flatnonzero(np.diff(edges) > least_bytes)
        runs += [(int(edges[gap]) + 1, int(edges[gap + 1])) for gap in gaps]
        begun = int(written[-1]) + 1
    if begun + least_bytes <= end:
        runs.append((begun, end))
    return runs


def wipe(start: int, end: int) -> int:
    """Makes a span zeros, and gives back the pages that are wholly in it, while nobody uses it.

    Returns how many bytes are no longer resident.
    """
    released = release(start, end)
    given_from = _page_from(start) if released else end
    _bytes(start, given_from)[:] = 0
    _bytes(given_from + released, end)[:] = 0
    return released


def release(start: int, end: int) -> int:
    """Gives back the whole pages of a span, whatever is in them: they are zeros when they are next read.

    Nothing may write there meanwhile. Returns how many bytes that was.
    """
    start, end = _page_from(start), end // mmap.PAGESIZE * mmap.PAGESIZE
    with suppress(OSError, AttributeError):
        madvise = _libc().madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        if end > start and madvise(start, end - start, MADV_DONTNEED) == 0:
            return end - start
    return 0


def release_zeros(start: int, end: int) -> int:
    """Gives back the pages of a mapping that hold zeros only; they are zeros again when they are next read.

    Nothing may write there meanwhile. Returns how many bytes that was.
    """
    return sum(release(*block) for block in blocks(start, end) if is_zero(*block))
