"""Session metadata, which a client tells about itself: a JSON object, bounded, merge-patched (RFC 7396)."""

import json
from typing import Any

from characters.text import cleaned_json
from sessions_app.exceptions import BadRequest, TooLarge

MAX_BYTES = 16 * 1024
MAX_DEPTH = 16


def _depth(value: Any, limit: int) -> int:
    if limit < 0:
        return 1
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(child, limit - 1) for child in children), default=0)


def checked_metadata(value: Any) -> dict[str, Any]:
    """`value` as it is kept, if it is a JSON object within the limits. Raises BadRequest or TooLarge."""
    if not isinstance(value, dict):
        raise BadRequest("Metadata is a JSON object.")
    if _depth(value, MAX_DEPTH) > MAX_DEPTH:
        raise TooLarge(f"Metadata is nested more than {MAX_DEPTH} levels deep.")
    value = cleaned_json(value)
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass"))
    except (ValueError, TypeError) as error:
        raise BadRequest("Metadata holds something that JSON cannot.") from error
    if size > MAX_BYTES:
        raise TooLarge(f"Metadata may take {MAX_BYTES} bytes; this takes {size}.")
    return dict(value)


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


def same_json(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: to Python 1, 1.0 and True are equal."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return type(one) is type(other) and bool(one == other)


def merged_metadata(before: Any, after: Any, now: Any) -> Any:
    """What somebody made of `before`, which is `after`, on top of what has become of it meanwhile, `now`.

    Objects merge member by member; of anything else that both have changed, `after` holds.
    """
    if same_json(before, after):
        return now
    if not (isinstance(before, dict) and isinstance(after, dict) and isinstance(now, dict)):
        return after
    result = dict(now)
    for name in before.keys() | after.keys():
        if name not in after:
            result.pop(name, None)
        elif name not in before:
            result[name] = after[name]
        elif not same_json(before[name], after[name]):
            result[name] = (
                merged_metadata(before[name], after[name], now[name]) if name in now else after[name]
            )
    return result
