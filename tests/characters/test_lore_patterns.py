"""Patterns of keys: JavaScript's meaning, and what is skipped without being compiled."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from characters.lore import patterns

PIECES = st.sampled_from(
    [
        "a", "b", "ab", "bc", ".", "*", "+", "?", "|", "(", ")", "(?:", "[ab]", "[^a]", "{1,2}", "{0}", "{x}",
        r"\b", r"\w", r"\u0061", r"\x62", r"\.", "[", "]", " ", "(ab|bc)", "(a|b)?", "(ab|cc){0,1}",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8), st.text("abc ABC.{}x", max_size=12))
@settings(max_examples=400)
def test_what_a_pattern_finds_has_one_of_its_literals(pieces, text):
    source = "".join(pieces)
    found = patterns.compiled(source, "i")
    literals = patterns.literals_of(source)
    if found is not None and literals and found.search(text, timeout=1):
        assert any(literal in text.casefold() for literal in literals), (source, literals)


@pytest.mark.parametrize(
    ("source", "literals"),
    [
        (r"\bno(thing|body)\d+\b", ("thing", "body")),
        ("river12.*(?:bank|bridge)", ("river12",)),
        ("(?:alpha|beta|gamma)1[a-z]+", ("alpha", "beta", "gamma")),
        ("foo|bar", ()),
        ("(?=foo)bar", ()),
        ("colou?r of", ("colo",)),
        (r"\p{Lu}{3}", ()),
        ("[a-z]+", ()),
    ],
)
def test_literals_of_patterns(source, literals):
    assert patterns.literals_of(source) == literals


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("/a/b/", None),
        (r"/a\/b/i", (r"a\/b", "i")),
        ("/a/x", None),
        ("//", None),
        ("/a/ii", None),
        ("no pattern", None),
    ],
)
def test_which_keys_are_patterns(key, expected):
    assert patterns.slashed(key) == expected


@pytest.mark.parametrize(
    ("source", "text", "found"),
    [
        (r"\bPython\b", "我用Python写的", True),
        (r"^\w+$", "é", False),
        (r"[\w-]+x", "a-x", True),
        ("a{e}", "ab", False),
        ("a{2}", "aa", True),
        ("[^]b", "\nb", True),
        ("x$", "x\n", False),
        (r"(?<n>a)\k<n>", "aa", True),
        (r"\u{1F600}", "😀", True),
        ("привет", "ПРИВЕТ", True),
        ("[[]", "[", True),
    ],
)
def test_patterns_mean_what_they_mean_in_javascript(source, text, found):
    assert (patterns.compiled(source, "iu").search(text) is not None) is found


def test_what_is_no_pattern_is_none():
    assert patterns.compiled("(", "") is None
    assert patterns.compiled("a" * 1001, "") is None
    assert isinstance(patterns.compiled("a", "i"), regex.Pattern)
