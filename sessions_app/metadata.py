"""What a client may tell a session about itself: a JSON object, bounded, merge-patched (RFC 7396)."""

import json
from typing import Any

from sessions_app.exceptions import BadRequest, TooLarge

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16


def _depth(value: Any, limit: int) -> int:
    if limit < 0:
        return 1
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(child, limit - 1) for child in children), default=0)


def checked(value: Any) -> dict[str, Any]:
    """`value`, if it is a JSON object within the limits. Raises BadRequest or TooLarge."""
    if not isinstance(value, dict):
        raise BadRequest("Metadata is a JSON object.")
    if _depth(value, MAX_DEPTH) > MAX_DEPTH:
        raise TooLarge(f"Metadata is nested more than {MAX_DEPTH} levels deep.")
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass"))
    except (ValueError, TypeError) as error:
        raise BadRequest("Metadata holds something that JSON cannot.") from error
    if size > MAX_BYTES:
        raise TooLarge(f"Metadata may take {MAX_BYTES} bytes; this takes {size}.")
    return value


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` with `patch` merged in, as RFC 7396 section 2 says: null removes, objects merge."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
