"""What is recalled of a visitor, how fast, and what a turn with memory costs.

.venv/bin/python -m benchmarks.memory                  recall at 5 and time, English and Chinese
.venv/bin/python -m benchmarks.memory --cost [--visitors 16] [--rounds 2]
    CPU of a turn of visitors whom the character remembers, beside strangers to one that does not remember

A hundred questions in each language, written for this, against a thousand memories: one is what the question
is about, the others are about other things. Questions avoid the words of their memory on purpose, as visitors
do who assume that they are known; keyword search finds little of that.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import log
from pathlib import Path
from statistics import median
from uuid import uuid4

from benchmarks import django_ready  # noqa: F401
from benchmarks.crowd import visit
from benchmarks.stage import ROOT, Side
from sessions_app.identity import visitors
from sessions_app.memories import Bounds, Finding, Recollection, SyncMemories
from voicebot.meaning import embeddings
from voicebot.memories import Recall
from voicebot.memories.recall import WITHIN_SECS

QUESTIONS = Path(__file__).parent / "questions"
MEMORIES, FIRST = 1000, 5
LANGUAGES = {"English": "memory-en.txt", "Chinese": "memory-zh.txt"}
PATIENT_SECS = 5.0  # for what would be found if time were no object
MARLOW = "captain-marlow"
KEPT = 60  # of each visitor, in a crowd
# ruff: noqa: RUF001
_THINGS = {
    "English": (
        "asked about|talked on 3 May 2026 of:|talked on 9 June 2026 of:|wanted to hear more of",
        "the kraken|the first mate|rum|the compass|pirates|the whale|the doldrums|gold|the sextant|the cook|"
        "the anchor|trade winds|mermaids|the reef|the mutiny",
        "in a storm|off Madagascar|at night|in the fog|long ago|under the moon|at the Horn|in the old port|"
        "with the crew|on the last voyage|by the stars|in the log|below deck|at low tide|off the Azores",
    ),
    "Chinese": (
        "问起过|2026年5月3日聊过：|2026年6月9日聊过：|想多听听",
        "海怪|大副|朗姆酒|罗盘|海盗|鲸鱼|无风带|金币|六分仪|船医|船锚|信风|美人鱼|礁石|哗变",
        "在暴风里|在马达加斯加|在夜里|在雾中|在很久以前|在月光下|在合恩角|在旧港口|和水手们|在最后一次航行|"
        "在星空下|在航海日志里|在甲板下|在退潮时|在亚速尔群岛",
    ),
}


def pairs(language: str) -> list[tuple[str, str]]:
    """What is remembered, and what is said when it matters."""
    lines = (QUESTIONS / LANGUAGES[language]).read_text().splitlines()
    return [tuple(line.split(" = ")) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


def thousand(language: str) -> list[str]:
    """The memories that questions are about, among others."""
    begins, things, places = (words.split("|") for words in _THINGS[language])
    others = [f"{a} {b} {c}" for a, b, c in itertools.product(begins, things, places)]
    facts = [fact for fact, _ in pairs(language)]
    random.Random(1).shuffle(others)  # noqa: S311
    return facts + others[: MEMORIES - len(facts)]


def remembered(texts: Sequence[str], *, by_meaning: bool) -> list[Recollection]:
    now, engine = datetime(2026, 6, 10, tzinfo=UTC), embeddings()
    vector = lambda text: engine.of_passage(text).result().astype("<f2").tobytes()  # noqa: E731
    return [
        Recollection(uuid4(), Finding(text, "life"), now, now, 0, vector(text) if by_meaning else b"")
        for text in texts
    ]


Search = Callable[[str], list[str]]


def by_keywords(texts: Sequence[str]) -> Search:
    """Plain keyword search: words in common, rare ones count for more; of Chinese, pairs of characters."""
    split = [keywords(text) for text in texts]
    spread = {word: sum(word in one for one in split) for word in set().union(*split)}

    def search(question: str) -> list[str]:
        asked = keywords(question)
        scored = [
            (sum(log(len(texts) / spread[word]) for word in asked & one), at) for at, one in enumerate(split)
        ]
        return [texts[at] for score, at in sorted(scored, reverse=True)[:FIRST] if score > 0]

    return search


def keywords(text: str) -> set[str]:
    words = "".join(sign.casefold() if sign.isalnum() else " " for sign in text).split()
    return {
        piece
        for word in words
        for piece in ([word] if word.isascii() else (word[at : at + 2] for at in range(len(word) - 1)))
    }


def recall_of(known: Recall, within_secs: float, *, read: bool) -> Search:
    today = datetime(2026, 6, 10, tzinfo=UTC).date()
    engine = embeddings() if read else None

    def search(question: str) -> list[str]:
        found = known.matter([question], today, engine, within_secs)
        return [memory.text for memory in found[:FIRST]]

    return search


def show_recall() -> None:
    embeddings().warm()
    print("| language | search | right among five | ms, median / 95 % / most |")
    print("| --- | --- | --- | --- |")
    for language in LANGUAGES:
        texts = thousand(language)
        recall = Recall.of(remembered(texts, by_meaning=True))
        for name, search in (
            ("keywords", by_keywords(texts)),
            ("letters (what is left without an engine)", recall_of(recall, 0.0, read=False)),
            ("by meaning, as at a turn", recall_of(recall, WITHIN_SECS, read=True)),
            ("the same question again", recall_of(recall, WITHIN_SECS, read=True)),
            ("by meaning, waited for", recall_of(recall, PATIENT_SECS, read=True)),
        ):
            took, right = [], 0
            for fact, asked in pairs(language):
                began = time.perf_counter()
                found = search(asked)
                took.append(1000 * (time.perf_counter() - began))
                right += fact in found
            took.sort()
            share = f"{right} of {len(took)}"
            times = f"{median(took):.1f} / {took[int(len(took) * 0.95)]:.1f} / {took[-1]:.1f}"
            print(f"| {language} | {name} | {share} | {times} |", flush=True)


# --- what it costs ---


def cookie(number: int) -> str:
    return f"benchmark-visitor-{number}"


def seed(count: int) -> None:
    """In the server's database: visitors who have agreed, each remembered by `KEPT` things, read already."""
    from django.core.signing import get_cookie_signer

    texts, memories = [fact for fact, _ in pairs("English")][:KEPT], SyncMemories()
    vectors = [memory.vector for memory in remembered(texts, by_meaning=True)]
    bounds = Bounds(most=KEPT)
    signer = get_cookie_signer(salt=visitors.cookie_name() + visitors.VISITOR_SALT)
    for number in range(count):
        visitor = visitors.of_cookie(cookie(number))
        memories.set_consent(visitor, MARLOW, True)
        memories.add(visitor, MARLOW, [Finding(text, "life") for text in texts], bounds)
        known = {m.text: m.id for m in memories.known(visitor, MARLOW).recollections}
        memories.keep_vectors(
            visitor, MARLOW, {known[text]: vector for text, vector in zip(texts, vectors, strict=True)}
        )
        print(f"{visitors.cookie_name()}={signer.sign(cookie(number))}")


def forget_everybody() -> None:
    """The character remembers nobody from now on."""
    from characters.models import Character
    from characters.versions import publishing

    marlow = Character.objects.get(slug=MARLOW)
    marlow.remembers = False
    marlow.save()
    publishing.publish(marlow)


def cost_of(n: int, secs: float, *, remembers: bool) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        side = Side("greenroom", Path(folder))
        side.environment["BENCH_HEARD"] = str(QUESTIONS / LANGUAGES["English"])
        with side:
            act = f"seed({n})" if remembers else "forget_everybody()"
            done = subprocess.run(
                [sys.executable, "-c", f"from benchmarks import memory; memory.{act}"],
                cwd=ROOT, env=side.environment, check=True, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            cookies = [line for line in done.stdout.splitlines() if line.startswith(visitors.cookie_name())]
            way_in = {**side.way_in, "probe": f"{side.url}/probe", "cookies": cookies}
            asyncio.run(visit(1, 4.0, side.process.pid, **way_in))
            return asyncio.run(visit(n, secs + n * 0.15, side.process.pid, **way_in))


def show_cost(n: int, secs: float, rounds: int) -> None:
    runs: dict[bool, list[dict[str, object]]] = {False: [], True: []}
    for _ in range(rounds):
        for remembers in (False, True):
            run = cost_of(n, secs, remembers=remembers)
            runs[remembers].append(run)
            print(json.dumps({"remembers": remembers, **run}), flush=True)
    without, with_memory = (
        median(float(str(run["cpu_per_session"])) for run in runs[which]) for which in (False, True)
    )
    print(f"CPU of a session, cores: {without:.4f} without, {with_memory:.4f} with", end="; ")
    print(f"{100 * (with_memory / without - 1):+.0f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--visitors", type=int, default=16)
    parser.add_argument("--secs", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    if given.cost:
        show_cost(given.visitors, given.secs, given.rounds)
    else:
        show_recall()


if __name__ == "__main__":
    main()
