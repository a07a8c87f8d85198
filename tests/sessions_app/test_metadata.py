"""Metadata: any JSON object up to a limit, merge-patched as RFC 7396 says."""

import pytest

from sessions_app.exceptions import BadRequest, TooLarge
from sessions_app.session.metadata import MAX_BYTES, MAX_DEPTH, checked_metadata, merge_patch, merged_metadata

# Appendix A of RFC 7396.
CASES = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "result"), CASES)
def test_the_examples_of_the_rfc(target, patch, result):
    assert merge_patch(target, patch) == result


@pytest.mark.parametrize("value", [None, [], "text", 3, {"x": float("nan")}, {"x": object()}])
def test_what_is_no_json_object_is_refused(value):
    with pytest.raises(BadRequest):
        checked_metadata(value)


def nested(depth: int) -> dict:
    value: dict = {}
    for _ in range(depth - 1):
        value = {"x": value}
    return value


def test_size_and_depth_have_limits():
    assert checked_metadata({"x": "y" * (MAX_BYTES - 9)})
    assert checked_metadata(nested(MAX_DEPTH))
    for value in ({"x": "y" * MAX_BYTES}, nested(MAX_DEPTH + 1), nested(500)):
        with pytest.raises(TooLarge):
            checked_metadata(value)


@pytest.mark.parametrize(
    ("before", "after", "now", "result"),
    [
        ({"a": 1}, {"a": 2}, {"a": 1, "b": 3}, {"a": 2, "b": 3}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 5, "b": 7}, {"a": 5}),
        ({"a": {"x": 1, "y": 1}}, {"a": {"x": 2, "y": 1}}, {"a": {"x": 1, "y": 9}}, {"a": {"x": 2, "y": 9}}),
        ({"a": 1}, {"a": None}, {"a": 1}, {"a": None}),
        ({}, {"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1}}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [0]}, {"a": [1, 2]}),
        ({"a": 1}, {"a": 1}, {"b": 2}, {"b": 2}),
        ({"a": {"x": 1}}, {"a": {"x": 2}}, {}, {"a": {"x": 2}}),
        ({"a": 1}, {"a": True}, {"a": 1}, {"a": True}),
    ],
)
def test_what_was_changed_goes_on_top_of_what_others_changed(before, after, now, result):
    merged_now = merged_metadata(before, after, now)
    assert merged_now == result
    assert repr(merged_now) == repr(result), "1 and true are two things"
