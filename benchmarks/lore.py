"""What a lorebook costs a turn: CPU time of a scan and of a prompt, in one run on one core.

.venv/bin/python -m benchmarks.lore
"""

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

ROUNDS = 200
WORDS = ["harbour", "lantern", "storm", "compass", "kraken", "anchor", "barrel", "gull", "rope", "island"]


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Median and 99th percentile of many runs."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        work()
        taken.append((time.thread_time() - begun) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def keys_of(kind: str, number: int) -> list[str]:
    if kind == "words":
        return [
            f"nothing{number}",
            f"never{number}",
            WORDS[number % len(WORDS)] if number % 50 == 0 else f"no{number}",
        ]
    if kind == "patterns":
        return [rf"\bno(thing|body){number}\b"]
    if kind == "groups":
        return [
            rf"(?:alpha|beta|gamma){number % 10}[a-z]{{2,9}}\s?(?:one|two|three|four){number}",
            rf"river{number}.*(?:bank|bridge)[{chr(97 + number % 25)}-z]+{number}",
        ]
    return [rf"[{chr(97 + number % 25)}-z]{{3}}[{number % 9}-9]+"]  # nothing that a text must have


def main() -> None:
    import django

    django.setup()
    from characters import content, prompts
    from characters.lore import SCAN_SECS, scan
    from characters.lore.book import lorebook_of
    from characters.spec import CharacterSpec

    rules = {"lore_scan_depth": 10, "lore_token_budget": 400, "lore_recursive": False}
    talk = [" ".join(WORDS[(n + k) % len(WORDS)] for k in range(12)) for n in range(10)]
    history: list[prompts.Message] = [
        {"role": "user" if n % 2 == 0 else "assistant", "content": words} for n, words in enumerate(talk)
    ]
    print(
        f"{'entries':>8} {'keys':>9} {'compiled':>9} {'1st scan':>9} {'late':>5} "
        f"{'scan p50':>9} {'scan p99':>9} {'prompt':>7}  (ms of CPU; late: not looked at "
        f"within {SCAN_SECS * 1000:g} ms)"
    )
    for kind in ("words", "patterns", "groups", "classes"):
        for count in (10, 100, 1000):
            entries = [
                {
                    **content.NEW_LORE,
                    "keys": keys_of(kind, n),
                    "use_regex": kind != "words",
                    "content": f"Fact {n} about the sea and all that is in it.",
                }
                for n in range(count)
            ]
            book = lorebook_of(rules, entries)
            spec = CharacterSpec(slug="m", name="Marlow", system_prompt="You are {{char}}.", book=book)
            begun = time.thread_time()
            book.compile(60)  # as when a visitor connects, before the first turn
            compiled = (time.thread_time() - begun) * 1000
            found = scan(book, talk)
            late = sum("no time" in verdict.why for verdict in found.verdicts)
            p50, p99 = milliseconds(lambda book=book: scan(book, talk))
            prompt, _ = milliseconds(
                lambda spec=spec, found=found: prompts.render(spec, {"name": "R"}, history, lore=found)
            )
            print(
                f"{count:>8} {kind:>9} {compiled:>9.1f} {found.secs * 1000:>9.2f} {late:>5} "
                f"{p50:>9.2f} {p99:>9.2f} {prompt:>7.2f}"
            )


if __name__ == "__main__":
    main()
