"""How much of the machine's CPU this process may use: a container's quota counts, not the host's cores.

Both versions of Linux's control groups: `cpu.max` of the second, `cpu.cfs_quota_us` of the first
(Documentation/admin-guide/cgroup-v2.rst and cgroup-v1, of the kernel). As LiveKit's `utils/hw/cpu.py`.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MOUNT, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def cores(mount: Path = MOUNT, own: Path = OWN) -> float:
    """Cores' worth of time that this process gets: 0.5 is half the time of one. More than 0."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(allowed), *_quotas(mount, own)])


def _quotas(mount: Path, own: Path) -> Iterator[float]:
    """The limits of the process's group and of each group around it."""
    for folder in _groups(mount, own):
        with suppress(OSError, ValueError, IndexError):
            quota, period = (folder / "cpu.max").read_text().split()[:2]
            if quota != "max":
                yield int(quota) / int(period)
        with suppress(OSError, ValueError):
            quota_us = int((folder / "cpu.cfs_quota_us").read_text())
            if quota_us > 0:
                yield quota_us / int((folder / "cpu.cfs_period_us").read_text())


def _groups(mount: Path, own: Path) -> Iterator[Path]:
    """The folders that say something of this process: within a container its own group may be the root."""
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            named = controllers.split(",")
            roots = (
                [mount / controllers, mount / "cpu"] if "cpu" in named else [mount] if not controllers else []
            )
            for root in roots:
                group = root / path.lstrip("/")
                while group.is_relative_to(root):
                    yield group
                    if group == root:
                        break
                    group = group.parent
