"""Gives back memory that nobody has use for yet, or any more. Linux with glibc; elsewhere nothing is done."""

import ctypes
import logging
import mmap
import re
from contextlib import suppress
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)

MAPS = Path("/proc/self/maps")
ANONYMOUS = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$", re.MULTILINE)
LOOK_BYTES = 2**20  # at once
MADV_DONTNEED = 4


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


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


def release_zeros(start: int, end: int) -> int:
    """Gives back the pages of a mapping that hold zeros only; they are zeros again when they are next read.

    Nothing may write there meanwhile. Returns how many bytes that was.
    """
    released = 0
    with suppress(OSError, AttributeError):
        madvise = _libc().madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        at = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
        while at < end:
            size = min(LOOK_BYTES, end - at)
            block = np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(at))
            if not block.any() and madvise(at, size, MADV_DONTNEED) == 0:
                released += size
            at += size
    return released
