"""A read-only dictionary of texts in one block of memory, for the large ones that a package brings.

A Python dictionary of 90,000 short texts takes 18 MB, packed it takes 3; a look takes some microseconds
instead of a tenth of one.
"""

import json
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import numpy as np


class PackedLookup:
    """What `json` can write, by text, as far as `get` and `in` go."""

    def __init__(self, content: Mapping[str, Any]):
        found = sorted((_encoded(key), _packed(value)) for key, value in content.items())
        self._keys = b"".join(key for key, _ in found)
        self._values = b"".join(value for _, value in found)
        self._key_ends = _ends([key for key, _ in found])
        self._value_ends = _ends([value for _, value in found])

    def __len__(self) -> int:
        return len(self._key_ends) - 1

    def __contains__(self, key: str) -> bool:
        return self._at(key) is not None

    def get(self, key: str, default: Any = None) -> Any:
        at = self._at(key)
        if at is None:
            return default
        value = self._values[self._value_ends[at] : self._value_ends[at + 1]]
        return json.loads(value.decode("utf-8", "surrogatepass"))

    def _at(self, key: str) -> int | None:
        """Where a key stands, by halving."""
        wanted = _encoded(key)
        low, high, keys, ends = 0, len(self), self._keys, self._key_ends
        while low < high:
            middle = (low + high) // 2
            found = keys[ends[middle] : ends[middle + 1]]
            if found == wanted:
                return middle
            if found < wanted:
                low = middle + 1
            else:
                high = middle
        return None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON may hold a lone surrogate


def _packed(value: Any) -> bytes:
    return _encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _ends(texts: list[bytes]) -> np.ndarray:
    return np.array([0, *accumulate(map(len, texts))], np.uint32)
