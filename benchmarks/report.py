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
COLOURS = {"stock": "#86bfdd", "greenroom": "#d9a441"}  # of the sides that scripted services compare
GOOD_SECS = 0.5
Run = dict[str, Any]
Sides = dict[str, dict[int, list[Run]]]


def sides(runs: list[Run]) -> Sides:
    found: Sides = {}
    for run in runs:
        found.setdefault(run["side"], {}).setdefault(run["sessions"], []).append(run)
    return found


def plot(by_side: Sides) -> None:
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


def table(by_side: Sides) -> str:
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


def compared(theirs: float | None, mine: float | None) -> str:
    return f"{theirs} | {mine} | {mine / theirs:.2f}" if theirs and mine else f"{theirs} | {mine} | "


def row(title: str, key: str, stock: dict[int, list[Run]], ours: dict[int, list[Run]], *of: int) -> str:
    """A figure of both sides with `of` visitors: one N for both, or stock's and Greenroom's."""
    n = " : ".join(map(str, of))
    return f"| {title} | {n} | {compared(median_of(stock[of[0]], key), median_of(ours[of[-1]], key))} |"


def goals(scripted: Sides, local: Sides, barge_in: dict[str, list[float]]) -> str:
    """The figures that matter, stock beside Greenroom, and the N of each.

    What a session costs is compared twice: with as many on both sides, and with as many as each can hold,
    which is what an operator pays for.
    """
    lines = ["| figure | N | stock | Greenroom | ratio |", "| --- | --- | --- | --- | --- |"]
    if len(scripted) == 2:
        stock, ours = scripted["stock"], scripted["greenroom"]
        held = knee(stock), knee(ours)
        lines.append(
            f"| sessions on one core, all answered, p95 under 0.5 s, scripted | | {compared(*held)} |"
        )
        n = max(set(stock) & set(ours))
        cpu = "cpu_per_session"
        lines.append(row("CPU of a core a session, scripted", cpu, stock, ours, n))
        if all(held):
            lines.append(row("the same with as many as each can hold", cpu, stock, ours, *held))
        lines.append(row("MB a further session, scripted", "memory_per_session_mb", stock, ours, n))
        loops = [statistics.median(run["loop_ms"]["p99"] for run in side[n]) for side in (stock, ours)]
        lines.append(f"| event loop delay p99, ms, scripted | {n} | {compared(*loops)} |")
    if {"stock", "greenroom"} <= set(local):
        stock, ours = local["stock"], local["greenroom"]
        alone, many = min(stock), max(set(stock) & set(ours))
        lines += [
            row(title, key, stock, ours, n)
            for title, key, n in (
                ("MB a further session, local models", "memory_per_session_mb", many),
                ("connect to bot-ready, s, local models", "ready_p50", alone),
                ("end of speech to first sound, s, p50, local models", "latency_p50", alone),
                ("the same with several at once, p95", "latency_p95", many),
            )
        ]
    if len(barge_in) == 2:
        medians = [round(statistics.median(barge_in[name]), 3) for name in ("stock", "greenroom")]
        lines.append(
            f"| first syllable to silence of the character, s, scripted | 1 | {compared(*medians)} |"
        )
    return "\n".join(lines)


def main() -> None:
    results = json.loads(RESULTS.read_text())
    scripted, local = (
        sides([run for run in results["runs"] if run["provider"] == provider])
        for provider in ("scripted", "local")
    )
    plot(scripted)
    parts = [
        f"{results['at']}, {results['machine']}, medians of {results['rounds']} rounds in turn. Scripted "
        "services have a core for each side, local models both cores. Admission by load is off: the knee is "
        "looked for.",
        goals(scripted, local, results["barge_in"]),
        "Scripted services:",
        table(scripted),
        f"![Latency against visitors at once](images/{PLOT.name})",
        *(["Local models:", table(local)] if local else []),
    ]
    text = "\n\n".join(parts)
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(text)
    print(f"\n{PAGE.relative_to(Path.cwd())} and {PLOT.relative_to(Path.cwd())} are written.")


if __name__ == "__main__":
    main()
