"""Speech that is made once on a machine: kept on disk for the other workers and runs, the same each time."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.workers import SHARED


def kept(made_from: tuple[object, ...], make: Callable[[], np.ndarray]) -> np.ndarray:
    """What `make` gives, which nothing but `made_from` decides: what is said, how, and by which versions."""
    path = SHARED / "speech" / f"{hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as made:
            np.save(made, make())
        Path(made.name).rename(path)
    found: np.ndarray = np.load(path)
    return found
