"""How well entries of lore are found by meaning: precision and recall at each threshold.

.venv/bin/python -m benchmarks.lore_meaning [--fit]
    --fit   the likeliest curves on the questions that are for tuning
"""

import argparse
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import django_ready  # noqa: F401
from characters.content import NEW_LORE
from characters.lore import Lorebook, lorebook_of
from characters.lore.rules.meaning import ByMeaning, changed
from characters.lore.shared import RULES
from voicebot.lore import LoreIndex, certainty
from voicebot.lore.index import Background
from voicebot.meaning import embeddings

QUESTIONS = Path(__file__).parent / "questions"
FILES = {"English": "lore-en.txt", "Chinese": "lore-zh.txt"}
TUNED, UNSEEN = "[tuned]", "[unseen]"
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
COLON = "：:"  # noqa: RUF001


class Part(NamedTuple):
    """A lorebook, and what is said: with the number of the entry that is meant, None for none."""

    book: Lorebook
    said: list[tuple[str, int | None]]


def parts(language: str) -> dict[str, Part]:
    """The questions for tuning, and those that were looked at only when the curve stood."""
    found: dict[str, tuple[list[tuple[str, list[str]]], list[str]]] = {TUNED: ([], []), UNSEEN: ([], [])}
    part = TUNED
    for line in (QUESTIONS / FILES[language]).read_text().splitlines():
        if line == UNSEEN:
            part = UNSEEN
        elif line.startswith("- "):
            found[part][1].append(line[2:])
        elif line and not line.startswith("#"):
            entry, said = line.split(" = ")
            found[part][0].append((entry, said.split(" | ")))
    return {name: _part(entries, others) for name, (entries, others) in found.items()}


def _part(entries: list[tuple[str, list[str]]], others: list[str]) -> Part:
    book = lorebook_of(dict.fromkeys(RULES), [_entry(entry) for entry, _ in entries])
    said: list[tuple[str, int | None]] = [
        (words, number) for number, (_, all_words) in enumerate(entries) for words in all_words
    ]
    return Part(book, said + [(words, None) for words in others])


def _entry(line: str) -> dict[str, object]:
    head, content = next(line.split(mark, 1) for mark in COLON if mark in line)
    name, keys = head.replace("（", "(").rstrip("）) ").split("(")  # noqa: RUF001
    rest = changed("{}", ByMeaning(wanted=True), "")
    keys = keys.replace("，", ",")  # noqa: RUF001
    return {
        **NEW_LORE,
        "name": name.strip(),
        "keys": [key.strip() for key in keys.split(",")],
        "content": content.strip(),
        "rest": rest,
    }


def background() -> Background:
    engine = embeddings()
    return Background.of(engine.of_passages(certainty.SENTENCES), engine.of_questions(certainty.SENTENCES))


def rated(part: Part, common: Background | None) -> Iterator[tuple[float, bool]]:
    """How sure each entry was at each thing said, and whether it was meant; without `common` by letters."""
    index = LoreIndex(part.book.by_meaning)
    if common:
        index.take(embeddings().of_passages(index.texts), common)
    for words, meant in part.said:
        vector = embeddings().of_question(words).result() if common else None
        for number, near in index.near(words, vector).items():
            yield near.sure, number == meant


def alone(part: Part) -> Iterator[Part]:
    """Each entry as a book of its own."""
    for number, entry in enumerate(part.book.entries):
        said = [(words, 0 if meant == number else None) for words, meant in part.said]
        yield Part(replace(part.book, entries=(replace(entry, number=0),)), said)


def table(name: str, found: list[tuple[float, bool]]) -> None:
    sure, meant = np.array([one for one, _ in found]), np.array([one for _, one in found])
    told = []
    for threshold in THRESHOLDS:
        fired = sure >= threshold
        right = (fired & meant).sum()
        share = f"{right / fired.sum():.2f}" if fired.any() else "  - "
        told.append(f"{threshold:.1f}: {share} {right / meant.sum():.2f}")
    print(f"{name:40} {' | '.join(told)}")


def fit(found: list[tuple[float, bool]], curve: tuple[float, float]) -> tuple[float, float]:
    """The likeliest logistic curve over nearness, by Newton's method."""
    sure = np.clip([one for one, _ in found], 1e-12, 1 - 1e-12)
    near = np.log(sure / (1 - sure)) / curve[0] + curve[1]
    features, meant = np.stack([near, np.ones_like(near)], 1), np.array([one for _, one in found], float)
    weights = np.zeros(2)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-features @ weights))
        bent = (features * (chance * (1 - chance))[:, None]).T @ features + 1e-6 * np.eye(2)
        weights += np.linalg.solve(bent, features.T @ (meant - chance))
    return weights[0], -weights[1] / weights[0]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--fit", action="store_true")
    wants = arguments.parse_args()
    common = background()
    print("of what was as sure or surer the share that was meant, and of what was meant the share found")
    for by, shared, curve in (("meaning", common, certainty.MEANT), ("letters", None, certainty.LETTERED)):
        rates = {}
        for name, language in itertools.product((TUNED, UNSEEN), FILES):
            part = parts(language)[name]
            rates[name, language] = list(rated(part, shared))
            rates[name, f"{language}, alone"] = [one for each in alone(part) for one in rated(each, shared)]
        for (part, language), found in rates.items():
            table(f"by {by}, {language} {part}", found)
        unseen = [one for (part, _), found in rates.items() if part == UNSEEN for one in found]
        table(f"by {by}, all {UNSEEN}", unseen)
        table(
            f"by {by}, all {TUNED}",
            [one for (part, _), found in rates.items() if part == TUNED for one in found],
        )
        if wants.fit:
            tuned = [one for (part, _), found in rates.items() if part == TUNED for one in found]
            print(f"  likeliest on {TUNED}: {fit(tuned, curve)}")
    part = parts("English")[UNSEEN]
    index = LoreIndex(part.book.by_meaning)
    index.take(embeddings().of_passages(index.texts), common)
    vector = embeddings().of_question("Where does the music come from?").result()
    begun = time.perf_counter()
    for _ in range(1000):
        index.near("", vector)
    print(f"{len(index.texts)} entries are compared in {time.perf_counter() - begun:.3f} ms")


if __name__ == "__main__":
    main()
