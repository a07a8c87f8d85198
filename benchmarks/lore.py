"""What a lorebook costs a turn: the time of a scan and of a prompt, in one run on one core.

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
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def main() -> None:
    import django

    django.setup()
    from characters import content, prompts
    from characters.lore import scan
    from characters.lore.book import lorebook_of
    from characters.spec import CharacterSpec

    rules = {"lore_scan_depth": 10, "lore_token_budget": 400, "lore_recursive": False}
    talk = [" ".join(WORDS[(n + k) % len(WORDS)] for k in range(12)) for n in range(10)]
    history: list[prompts.Message] = [
        {"role": "user" if n % 2 == 0 else "assistant", "content": words} for n, words in enumerate(talk)
    ]
    print(f"{'entries':>8} {'keys':>8} {'scan p50':>10} {'scan p99':>10} {'prompt p50':>11}  (ms)")
    for kind in ("words", "patterns"):
        for count in (10, 100, 1000):
            entries = [
                {
                    **content.NEW_LORE,
                    "keys": [f"nothing{n}", f"never{n}", WORDS[n % len(WORDS)] if n % 50 == 0 else f"no{n}"]
                    if kind == "words"
                    else [rf"\bno(thing|body){n}\b"],
                    "use_regex": kind == "patterns",
                    "content": f"Fact {n} about the sea and all that is in it.",
                }
                for n in range(count)
            ]
            book = lorebook_of(rules, entries)
            spec = CharacterSpec(slug="m", name="Marlow", system_prompt="You are {{char}}.", book=book)
            found = scan(book, talk, secs=60)
            p50, p99 = milliseconds(lambda book=book: scan(book, talk, secs=60))
            prompt, _ = milliseconds(
                lambda spec=spec, found=found: prompts.render(spec, {"name": "R"}, history, lore=found)
            )
            print(f"{count:>8} {kind:>8} {p50:>10.2f} {p99:>10.2f} {prompt:>11.2f}")


if __name__ == "__main__":
    main()
