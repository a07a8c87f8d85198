"""Numbers as strangers write them."""

import math
from typing import Any


def finite(value: Any) -> float | None:
    """A finite number, also if it came as a string; a truth value is none."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
