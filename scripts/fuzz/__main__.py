"""`.venv/bin/python -m scripts.fuzz [--inputs 1000000] [--seed 1]`"""

import argparse
import asyncio
import sys

from scripts import fuzz
from scripts.fuzz.run import run

MOST_DELAY_MS, MOST_GROWTH_MB = 100.0, 64.0


def main() -> None:
    parser = argparse.ArgumentParser(description=fuzz.__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = asyncio.run(run(options.inputs, options.seed))
    print("\n".join(f"    {name}: {value}" for name, value in found.items()))
    wrong = [
        *(["something broke"] if found["broke"] else []),
        *(["the loop was held"] if found["loop delay ms, most"] > MOST_DELAY_MS else []),
        *(["memory grows"] if found["memory growth MB"] > MOST_GROWTH_MB else []),
    ]
    if wrong:
        sys.exit(f"Not as it should be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
