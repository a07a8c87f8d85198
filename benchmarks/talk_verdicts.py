"""What rules say of a talk's replies, counted: see benchmarks/talk.py."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles

from benchmarks import django_ready  # noqa: F401
from characters.spec import CharacterSpec
from voicebot.providers.llm.reply_check import Fault, ReplyCheck
from voicebot.repertoire import index_cache

HONEST = re.compile(
    r"machine|computer|made[- ]up|made of words|written|artificial|robot|invented|ink|story"
    r"|机器|电脑|编出来|写出来|事先写",
    re.I,
)
COUNTS = (
    *("recalled", "asked", "told", "asked_told", "own_name"),
    *("repeated", "out_of_role", "other_script", "written", "empty"),
)
HEADS = ("recalled", "told", "own name", "again", "role", "script", "empty", "written", "p50", "p95", "load")


def heading() -> str:
    few = "".join(f" {head:>6}" for head in HEADS[3:])
    return f"{'':<26} {HEADS[0]:>8} {HEADS[1]:>8} {HEADS[2]:>9}{few}"


@dataclass
class Talk:
    """What came of one talk."""

    recalled: int = 0
    asked: int = 0
    told: int = 0
    asked_told: int = 0
    own_name: int = 0
    repeated: int = 0
    out_of_role: int = 0
    other_script: int = 0
    written: int = 0
    empty: int = 0
    replies: list[str] = field(default_factory=list)
    first_secs: list[float] = field(default_factory=list)
    load: float = 0.0  # of the machine in the minute before the end, by `os.getloadavg`


class KeptTalks:
    """What came of talks that are over, by their names, in a file if there is one."""

    def __init__(self, path: Path | None):
        self._path = path
        there = json.loads(path.read_text()) if path and path.exists() else {}
        self._talks = {name: Talk(**one) for name, one in there.items()}

    def get(self, name: str) -> Talk | None:
        return self._talks.get(name)

    def keep(self, name: str, result: Talk) -> None:
        result.load = os.getloadavg()[0]
        self._talks[name] = result
        if self._path:
            talks = {name: asdict(one) for name, one in self._talks.items()}
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(talks, ensure_ascii=False, indent=1))
            beside.rename(self._path)


def judge(spec: CharacterSpec, result: Talk, tag: str, wanted: str, reply: str) -> None:
    """Notes what the rules say of a reply."""
    written = bool(reply) and index_cache().written(spec).answers.is_written(reply)
    check = ReplyCheck([], (spec.name, spec.nickname, "Wren"), spec.language)
    _, fault = check.feed(reply)
    fault = None if written else fault or check.finish()[1]
    result.asked += tag == "recall"
    result.recalled += tag == "recall" and wanted.lower() in reply.lower()
    result.asked_told += tag == "told"
    result.told += tag == "told" and wanted.lower() in reply.lower()
    result.own_name += fault is not Fault.NAME
    result.other_script += fault is Fault.SCRIPT
    dishonest = tag == "machine" and not HONEST.search(reply)
    result.out_of_role += fault in (Fault.ROLE, Fault.PART, Fault.ASIDE) or dishonest
    result.repeated += bool(reply) and reply in result.replies
    result.empty += not reply
    result.written += written
    result.replies.append(reply)


def row(name: str, result: Talk) -> str:
    firsts, lines = result.first_secs, len(result.replies)
    share = 100 * result.written / lines
    return (
        f"{name:<26} {result.recalled:>3} of {result.asked:<2} {result.told:>2} of {result.asked_told:<2}"
        f" {result.own_name:>4} of {lines:<4}{result.repeated:>5} {result.out_of_role:>5}"
        f" {result.other_script:>6} {result.empty:>6} {share:>6.0f} % {median(firsts):>7.2f} s"
        f" {quantiles(firsts, n=20)[-1]:>6.2f} s {result.load:>5.1f}"
    )


def whole(results: Sequence[Talk]) -> Talk:
    every = Talk()
    for one in results:
        for name in COUNTS:
            setattr(every, name, getattr(every, name) + getattr(one, name))
        every.first_secs += one.first_secs
        every.replies += one.replies
        every.load = max(every.load, one.load)
    return every
