"""The key ring: every mistake in SESSION_KEYS has a sentence, and a wrapped key opens at home only."""

import base64
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.crypto.keyring import KeyRing, WrappedKey, check_strength
from sessions_app.exceptions import RecordUnreadable


def key(byte: int) -> str:
    return base64.b64encode(bytes(range(byte, byte + 32))).decode()


RING = KeyRing.parse(f"new:{key(1)}, old:{key(2)}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "SESSION_KEYS is empty"),
        (key(1), "has no id"),
        (f"a b:{key(1)}", "has no id"),
        ("k1:nonsense!", "not base64"),
        (f"k1:{base64.b64encode(b'short').decode()}", "has 5 bytes"),
        (f"k1:{key(1)},k1:{key(2)}", "twice"),
    ],
)
def test_a_bad_ring_is_refused_without_quoting_it(text, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence) as caught:
        KeyRing.parse(text)
    assert key(1) not in str(caught.value)


def test_the_first_key_wraps_and_all_unwrap():
    session = uuid4()
    old = KeyRing.parse(f"old:{key(2)}")
    data_key, wrapped = old.new_data_key(session)
    assert RING.unwrap(wrapped, session) == data_key
    assert RING.wrap(data_key, session).key_id == "new"


def test_a_wrapped_key_does_not_open_for_another_session_or_under_another_id():
    session = uuid4()
    _, wrapped = RING.new_data_key(session)
    with pytest.raises(RecordUnreadable):
        RING.unwrap(wrapped, uuid4())
    for key_id in ("old", "lost"):
        with pytest.raises(RecordUnreadable):
            RING.unwrap(WrappedKey(key_id, wrapped.data), session)


@given(st.integers(0, 59), st.integers(0, 7))
def test_any_flipped_bit_of_a_wrapped_key_fails(byte, bit):
    session = uuid4()
    _, wrapped = RING.new_data_key(session)
    broken = bytearray(wrapped.data)
    broken[byte] ^= 1 << bit
    with pytest.raises(RecordUnreadable):
        RING.unwrap(WrappedKey(wrapped.key_id, bytes(broken)), session)


def test_the_same_key_never_looks_the_same_twice():
    session = uuid4()
    assert RING.wrap(b"x" * 32, session).data != RING.wrap(b"x" * 32, session).data


RANDOM = "x0pBr7Cq1mK2vYw3ZfQ4nEo5uIa6tHs8dLg9jVbNcMk="


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"development:{RANDOM}", "development key"),
        (f"k1:{base64.b64encode(bytes(32)).decode()}", "not drawn at random"),
        (f"k1:{base64.b64encode(bytes(range(32))).decode()}", "not drawn at random"),
        (f"k1:{base64.b64encode(b'passwordpasswordpasswordpassword').decode()}", "not drawn at random"),
        (f"good:{RANDOM},k1:{base64.b64encode(bytes(32)).decode()}", "not drawn at random"),
    ],
)
def test_production_refuses_development_and_weak_keys(text, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        check_strength(text)


def test_a_random_key_is_strong_enough():
    check_strength(f"k1:{RANDOM}")
