"""The written exchanges of the demo characters: enough of them, no answer twice, all of it to be spoken."""

import re
import unicodedata
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

import characters.demo
from characters import field_limits, prompts
from characters.spec import CharacterSpec

TEXTS = sorted(Path(characters.demo.__file__).parent.glob("repertoire/*.txt"))
USER, CHAR = "{{user}}: ", "{{char}}: "
ANYTHING = "*"  # the visitor's line of what is said when nothing fits
MACROS = re.compile(r"\{\{(?:user|time|told)\}\}")
UNSPEAKABLE = set('*_[](){}<>#~|\\/"“”')
LONGEST = 300  # characters of one line: about twenty seconds of speech

Exchange = tuple[list[str], list[str]]  # wordings of a question, answers to it


def blocks(text: str) -> list[list[Exchange]]:
    """The blocks of a text, each with its question and its follow-ups; fails at a line that is neither."""
    found = []
    for block in text.removeprefix("<START>\n").split("\n<START>\n"):
        lines = block.strip().split("\n")
        for line in lines:
            assert line.startswith((USER, CHAR)), line
        runs = [
            (speaker, [line.removeprefix(speaker) for line in run])
            for speaker, run in groupby(lines, key=lambda line: line[: len(USER)])
        ]
        assert [speaker for speaker, _ in runs] == [USER, CHAR] * (len(runs) // 2), lines[0]
        found.append([(asked, said) for (_, asked), (_, said) in zip(runs[::2], runs[1::2], strict=True)])
    return found


def exchanges(text: str) -> list[Exchange]:
    return [exchange for block in blocks(text) for exchange in block]


def answers(text: str) -> list[str]:
    return [answer for _, said in exchanges(text) for answer in said]


def twice(lines: list[str]) -> list[str]:
    return [line for line, count in Counter(map(str.casefold, lines)).items() if count > 1]


def unspeakable(line: str) -> set[str]:
    """The marks of a line that are no words: of markdown, of stage directions, emoji."""
    words = MACROS.sub("", line)
    return {mark for mark in words if mark in UNSPEAKABLE or unicodedata.category(mark) in ("So", "Sk", "Cs")}


each = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)


def test_there_is_a_text_for_each_demo_character():
    portraits = Path(characters.demo.__file__).parent.glob("*.svg")
    assert [path.stem for path in TEXTS] == sorted(path.stem for path in portraits)


@each
def test_a_character_has_a_hundred_and_fifty_exchanges(path):
    asked = [questions for questions, _ in exchanges(path.read_text()) if questions != [ANYTHING]]
    assert len(asked) >= 150
    assert all(len(questions) >= 2 for questions in asked), "each in two wordings at least"


def test_no_answer_is_there_twice_with_anybody():
    assert not twice([answer for path in TEXTS for answer in answers(path.read_text())])


@each
def test_no_wording_begins_two_blocks_or_stands_twice_in_an_exchange(path):
    found = blocks(path.read_text())
    assert not twice([question for block in found for question in block[0][0]])
    for questions, _ in exchanges(path.read_text()):
        assert not twice(questions)


@each
def test_all_of_it_can_be_spoken(path):
    for line in answers(path.read_text()):
        assert len(line) <= LONGEST, line
        assert not unspeakable(line), line
        assert re.search(r"[.!?。！？]$", line), line


@pytest.mark.parametrize(
    "line", ["*bows*", "Yes 🙂", "A [thing]", "{{char}} nods", "# One", "a_b", "(laughs)"]
)
def test_what_cannot_be_spoken_is_found(line):
    assert unspeakable(line)


@each
def test_a_character_reads_its_text_as_it_is_written(path):
    text = path.read_text()
    repertoire = prompts.repertoire_of(CharacterSpec(path.stem, "Captain Marlow", examples=text))
    said, fallbacks = [], ()
    for block in blocks(text):
        if block[0][0] == [ANYTHING]:
            fallbacks = tuple(block[0][1])
            continue
        first = len(said)
        for number, (questions, several) in enumerate(block):
            said.append((tuple(questions), tuple(several), first if number else None))
    assert [(one.questions, one.answers, one.follows) for one in repertoire.exchanges] == said
    assert repertoire.fallbacks == fallbacks
    assert not field_limits.too_long({"examples": text})


@each
def test_frequent_questions_have_more_than_one_answer_and_there_are_eight_fallbacks(path):
    found = blocks(path.read_text())
    assert sum(len(block[0][1]) > 1 for block in found) >= 12
    (fallbacks,) = [said for block in found for questions, said in block if questions == [ANYTHING]]
    assert len(fallbacks) >= 8
    assert max(map(len, found)) >= 3, "stories go on when asked"
