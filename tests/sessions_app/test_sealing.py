"""Sealing: any JSON survives it, and nothing else opens."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.crypto.sealer import Sealer
from sessions_app.exceptions import RecordUnreadable

SESSION = uuid4()
SEALER = Sealer(b"k" * 32, SESSION)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_json_survives_seal_and_open(value):
    assert SEALER.open("turn", "text", 1, SEALER.seal("turn", "text", 1, value)) == value


def test_a_lone_surrogate_survives_too():
    assert SEALER.open("t", "f", 0, SEALER.seal("t", "f", 0, {"x": "\ud83d"})) == {"x": "\ud83d"}


@given(st.text(min_size=8), st.integers(0), st.integers(0, 7))
def test_any_flipped_bit_fails(value, byte, bit):
    broken = bytearray(SEALER.seal("turn", "text", 1, value))
    broken[byte % len(broken)] ^= 1 << bit
    with pytest.raises(RecordUnreadable):
        SEALER.open("turn", "text", 1, bytes(broken))


@given(st.integers(0, 60))
def test_a_record_cut_off_anywhere_fails(length):
    sealed = SEALER.seal("turn", "text", 1, "a sentence that is long enough to cut")
    with pytest.raises(RecordUnreadable):
        SEALER.open("turn", "text", 1, sealed[:length])


@pytest.mark.parametrize(
    ("table", "field", "sequence"), [("session", "text", 1), ("turn", "summary", 1), ("turn", "text", 2)]
)
def test_a_record_moved_elsewhere_fails(table, field, sequence):
    sealed = SEALER.seal("turn", "text", 1, "hello")
    with pytest.raises(RecordUnreadable):
        SEALER.open(table, field, sequence, sealed)


def test_a_record_of_another_session_or_another_key_fails():
    sealed = SEALER.seal("turn", "text", 1, "hello")
    for other in (Sealer(b"k" * 32, uuid4()), Sealer(b"x" * 32, SESSION)):
        with pytest.raises(RecordUnreadable):
            other.open("turn", "text", 1, sealed)


def test_ciphertext_shows_nothing_and_never_repeats():
    sealed = SEALER.seal("turn", "text", 1, "zanzibarquince")
    assert b"zanzibarquince" not in sealed
    assert sealed != SEALER.seal("turn", "text", 1, "zanzibarquince")
