"""Every benchmark can be started as its page says, with the packages of its own set or without."""

import pytest

from benchmarks.talk_verdicts import KeptTalks, Talk
from tests.config.test_embedded import python
from tests.servers import ROOT

# Of requirements/bench.txt alone, and what is installed by hand: neighbours that we are compared with.
OF_THE_BENCH_SET = ("fastapi", "matplotlib", "starlette", "langchain_core", "mem0")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py")))
def test_a_benchmark_begins(name):
    shown = python(f"import benchmarks.{name}")
    missing = [package for package in OF_THE_BENCH_SET if f"No module named '{package}" in shown.stderr]
    assert shown.returncode == 0 or missing, shown.stderr[-2000:]


def test_a_talk_that_was_kept_need_not_be_held_again(tmp_path):
    path = tmp_path / "talks.json"
    held = Talk(recalled=2, asked=3, replies=["Ahoy.", "\u4f60\u597d\u3002"], first_secs=[0.1, 0.2])
    KeptTalks(path).keep("before marlow 2", held)
    again = KeptTalks(path)
    assert again.get("before marlow 2") == held
    assert again.get("before marlow 60") is None
    assert KeptTalks(None).get("before marlow 2") is None
