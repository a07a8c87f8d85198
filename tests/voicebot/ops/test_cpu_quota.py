"""A container's share of the CPU, as its control groups tell it, of either version."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voicebot.ops import load
from voicebot.ops.machine import cores

ALL = len(os.sched_getaffinity(0))
GROUPS = {
    "none": ({}, "0::/\n", ALL),
    "unlimited": ({"pod/cpu.max": "max 100000"}, "0::/pod\n", ALL),
    "half a core": ({"pod/cpu.max": "50000 100000"}, "0::/pod\n", 0.5),
    "the pod's, not the container's": (
        {"pod/cpu.max": "80000 100000", "pod/web/cpu.max": "max 100000"},
        "0::/pod/web\n",
        0.8,
    ),
    "a group that is the root in here": ({"cpu.max": "70000 100000"}, "0::/\n", 0.7),
    "a path that is not mounted in here": ({"cpu.max": "70000 100000"}, "0::/host/side/path\n", 0.7),
    "version 1": (
        {"cpu,cpuacct/docker/x/cpu.cfs_quota_us": "25000", "cpu,cpuacct/docker/x/cpu.cfs_period_us": "50000"},
        "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n",
        0.5,
    ),
    "version 1, unlimited": (
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        "1:cpu:/\n",
        ALL,
    ),
    "more than there is": ({"cpu.max": "9900000 100000"}, "0::/\n", ALL),
    "nonsense": ({"cpu.max": "\n"}, "0::/\n", ALL),
}


@pytest.mark.parametrize(("files", "own", "expected"), GROUPS.values(), ids=GROUPS)
def test_quotas(tmp_path: Path, files, own, expected):
    for name, content in files.items():
        (tmp_path / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / name).write_text(content)
    (tmp_path / "own").write_text(own)
    assert cores(tmp_path / "mount", tmp_path / "own") == pytest.approx(expected)


def test_a_process_in_a_group_of_its_own():
    group = Path(f"/sys/fs/cgroup/cpu/greenroom-test-{os.getpid()}")
    try:
        group.mkdir()
        (group / "cpu.cfs_quota_us").write_text("60000")
        (group / "cpu.cfs_period_us").write_text("100000")
    except OSError as error:
        pytest.skip(f"needs to be root, and control groups of version 1: {error}")
    script = f"open('{group}/tasks', 'w').write('0'); from voicebot.ops.machine import cores; print(cores())"
    try:
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert float(told.stdout) == pytest.approx(0.6)
    finally:
        group.rmdir()


def test_a_limited_container_is_full_when_its_quota_is_used_up(monkeypatch):
    monkeypatch.setattr(load, "CORES", 0.5)
    now = [0.0, 0.0, 0.0]
    measured = load.Load(lambda: now[0], lambda: now[1], lambda: now[2])
    for second in range(60):
        now[:] = [second, 0.1 * second, 0.48 * second]
        measured.measure()
    assert measured.share > 0.9
