"""Every benchmark can be started as its page says, with the packages of its own set or without."""

import pytest

from tests.config.test_embedded import python
from tests.servers import ROOT

# Of requirements/bench.txt alone, and what is installed by hand: neighbours that we are compared with.
OF_THE_BENCH_SET = ("fastapi", "matplotlib", "starlette", "langchain_core", "mem0")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py")))
def test_a_benchmark_begins(name):
    shown = python(f"import benchmarks.{name}")
    missing = [package for package in OF_THE_BENCH_SET if f"No module named '{package}" in shown.stderr]
    assert shown.returncode == 0 or missing, shown.stderr[-2000:]
