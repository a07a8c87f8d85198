"""What a stranger's card costs everybody else: the longest time that the event loop waits while its prompts
are put together, three at once, beside the time that one takes.

.venv/bin/python -m benchmarks.prompts
"""

import asyncio
import gc
import os
import time
from collections.abc import Awaitable
from dataclasses import replace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

ROUNDS = 20
EXCHANGE = "{{user}}: What is {{random:this,that}}?\n{{char}}: I do not know, {{user}}.\n"
SIZES = {"30 KB": 30_000, "100 KB": 100_000, "1 MB": 2**20, "4 MB": 4 * 2**20}


async def longest_wait(work: Awaitable[object]) -> float:
    """The longest time in seconds that the loop was not to be had while `work` ran off it.

    In CPU time of this process, of all its threads: other work of the machine does not count.
    """
    gc.collect()
    gc.freeze()  # as the server does when it has started: see voicebot.lifespan
    longest, before = 0.0, time.process_time()

    async def watch() -> None:
        nonlocal longest, before
        while True:
            await asyncio.sleep(0.001)
            now = time.process_time()
            longest, before = max(longest, now - before), now

    watching = asyncio.create_task(watch())
    try:
        await work
    finally:
        watching.cancel()
        gc.unfreeze()
    return longest


async def main() -> None:
    import django

    django.setup()
    from characters import prompts
    from characters.spec import CharacterSpec
    from voicebot.ops import PromptThreads

    history: list[prompts.Message] = [
        {"role": "user" if n % 2 == 0 else "assistant", "content": f"{n} " + "words " * 20} for n in range(60)
    ]
    nobody = CharacterSpec(slug="x", name="X", greeting="Hi.")
    print(f"{'card':>8} {'one prompt':>12} {'longest wait':>14}")
    for name, size in SIZES.items():
        half = size // 2
        card = replace(
            nobody,
            examples=EXCHANGE * (half // len(EXCHANGE)),
            description="{{random:a,b}} " * (half // 30),
            scenario="言葉" * (half // 12),
        )
        begun = time.process_time()
        for turn in range(ROUNDS):
            prompts.render(card, {"name": "Robin"}, history, turn=turn)
        taken = (time.process_time() - begun) / ROUNDS
        waits, threads = [], PromptThreads()
        for turn in range(ROUNDS):
            renders = [threads.run(prompts.render, card, {}, history, turn=3 * turn + n) for n in range(3)]
            waits.append(await longest_wait(asyncio.gather(*renders)))
        print(f"{name:>8} {taken * 1000:>9.1f} ms {max(waits) * 1000:>11.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
