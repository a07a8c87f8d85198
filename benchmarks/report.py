"""From benchmarks/results.json to the table in docs/performance.md and the plot beside it.

.venv/bin/python -m benchmarks.report
"""

import json
import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt

from benchmarks.stage import RESULTS, ROOT, good, median_of

PAGE, PLOT = ROOT / "docs" / "performance.md", ROOT / "docs" / "images" / "latency.svg"
BEGIN, END = "<!-- make bench writes from here -->", "<!-- to here -->"
COLOURS = {"stock": "#86bfdd", "greenroom": "#d9a441"}
GOOD_SECS = 0.5
Run = dict[str, Any]


def sides(runs: list[Run]) -> dict[str, dict[int, list[Run]]]:
    found: dict[str, dict[int, list[Run]]] = {}
    for run in runs:
        found.setdefault(run["side"], {}).setdefault(run["sessions"], []).append(run)
    return found


def plot(by_side: dict[str, dict[int, list[Run]]]) -> None:
    mpl.rcParams["svg.hashsalt"] = "greenroom"  # the same file for the same figures
    figure, axis = plt.subplots(figsize=(8, 4.2))
    for name, by_n in by_side.items():
        counts = sorted(by_n)
        for share, style in (("latency_p95", "-"), ("latency_p50", ":")):
            values = [median_of(by_n[n], share) for n in counts]
            axis.plot(
                counts, values, style, color=COLOURS[name], marker="o", ms=4, label=f"{name} {share[-3:]}"
            )
    axis.axhline(GOOD_SECS, color="#64786c", lw=1, ls="--")
    axis.set(
        xlabel="visitors at once on one core", ylabel="seconds to the first sound", xscale="log", yscale="log"
    )
    every = sorted({n for by_n in by_side.values() for n in by_n})
    axis.set_xticks(every, [str(n) for n in every], minor=False)
    axis.minorticks_off()
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})


def knee(by_n: dict[int, list[Run]]) -> int:
    """The largest crowd of the sweep in which every turn was answered in time."""
    return max((n for n, runs in by_n.items() if all(map(good, runs))), default=0)


def table(by_side: dict[str, dict[int, list[Run]]]) -> str:
    lines = [
        "| N | side | CPU of a core a session | MB a further session | p50 s | p95 s "
        "| loop p50 / p95 / p99 ms | ready s | the crowd's own p99 ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for n in sorted({n for by_n in by_side.values() for n in by_n}):
        for name, by_n in by_side.items():
            if runs := by_n.get(n):
                loop = " / ".join(
                    f"{statistics.median(run['loop_ms'][share] for run in runs):.1f}"
                    for share in ("p50", "p95", "p99")
                )
                cells = [
                    n,
                    name,
                    *(median_of(runs, key) for key in ("cpu_per_session", "memory_per_session_mb")),
                ]
                cells += [median_of(runs, "latency_p50"), median_of(runs, "latency_p95"), loop]
                cells += [median_of(runs, "ready_p50"), median_of(runs, "crowd_delay_p99_ms")]
                lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def ratios(by_side: dict[str, dict[int, list[Run]]]) -> list[str]:
    """Greenroom to stock at the largest crowd that both were offered."""
    if len(by_side) < 2:
        return []
    stock, ours = by_side["stock"], by_side["greenroom"]
    n = max(set(stock) & set(ours))
    found = [f"- every turn answered, p95 under 0.5 s: stock {knee(stock)}, Greenroom {knee(ours)}"]
    for title, key in (
        ("CPU a session", "cpu_per_session"),
        ("memory a further session", "memory_per_session_mb"),
    ):
        theirs, mine = median_of(stock[n], key), median_of(ours[n], key)
        if theirs and mine:
            found.append(f"- {title} at N = {n}: {mine} to {theirs}, {mine / theirs:.2f} of stock's")
    return found


def main() -> None:
    results = json.loads(RESULTS.read_text())
    by_side = sides(results["runs"])
    plot(by_side)
    text = "\n".join(
        [
            f"{results['at']}, {results['machine']}. Scripted services, a core for each side.",
            "",
            *ratios(by_side),
            "",
            table(by_side),
            "",
            f"![Latency against visitors at once](images/{PLOT.name})",
        ]
    )
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(text)
    print(f"\n{PAGE.relative_to(Path.cwd())} and {PLOT.relative_to(Path.cwd())} are written.")


if __name__ == "__main__":
    main()
