"""Where the time goes from a spoken question to the first sound, stage after stage.

.venv/bin/python -m benchmarks.first_sound [--rounds 2] [--character captain-marlow]

One conversation of eight questions in this process, with nothing beside it: the recogniser, Smart Turn, the
prompt, what the model reads of it that it has not read before, the first clause, its sound. In turn without
and with what is read ahead after a reply. CPU seconds are of the whole process, so that they say something
on a busy machine, too; those of the clock do on a quiet one only. A connection does the first two at once,
while the pause is not certain yet. Replies are the model's own; what editors wrote is left out.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import numpy as np  # noqa: E402

from benchmarks.crowd import QUESTIONS  # noqa: E402
from benchmarks.demo_characters import specs  # noqa: E402
from benchmarks.stage import SAILOR  # noqa: E402
from benchmarks.talk import Listener, answering, prepared  # noqa: E402
from characters import prompts  # noqa: E402
from characters.spec import CharacterSpec  # noqa: E402
from tests.piper_speech import spoken  # noqa: E402
from voicebot.ops import Load  # noqa: E402
from voicebot.providers.local import ears, helped, smollm, voices  # noqa: E402
from voicebot.repertoire import index_cache  # noqa: E402
from voicebot.turns.inference_budget import InferenceBudget  # noqa: E402
from voicebot.turns.smart_turn import SharedSmartTurn  # noqa: E402

STAGES = ("recogniser", "Smart Turn", "prompt", "to the first token", "to the first clause", "its sound")


class Timed:
    """Milliseconds of each stage, of CPU and of the clock, turn by turn; and how many tokens were read."""

    def __init__(self) -> None:
        self.took: dict[str, list[tuple[float, float]]] = {stage: [] for stage in (*STAGES, "ahead")}
        self.read: list[int] = []
        self.begin()

    def begin(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def note(self, stage: str) -> None:
        """The stage that has gone on since `begin`, or since the one before it, is over."""
        cpu, wall = self._cpu, self._wall
        self.begin()
        self.took[stage].append(((self._cpu - cpu) * 1000, (self._wall - wall) * 1000))

    def whole(self, kind: int) -> list[float]:
        return [sum(self.took[stage][turn][kind] for stage in STAGES) for turn in range(len(self.read))]


class TimedListener(Listener):
    """Tells when the first clause is there."""

    on_first: Callable[[], None]

    async def process_frame(self, frame: Any, direction: Any) -> None:
        before = self.first
        await super().process_frame(frame, direction)
        if self.first is not None and before is None:
            self.on_first()


def timed_model(spec: CharacterSpec, timed: Timed) -> helped.HelpedLLM:
    """The model's service, which notes its first token and what it had to read for it."""
    service: Any = helped.service(spec)
    extra, reply = service._extra_body, service._reply

    async def noted(params: dict[str, Any]) -> Any:
        seen = False
        async for chunk in reply(params):
            if not seen and (told := getattr(chunk, "timings", None)) and chunk.choices[0].delta.content:
                seen = True
                timed.read.append(told["prompt_n"])
                timed.note("to the first token")
            yield chunk

    service._extra_body = lambda: {**extra(), "timings_per_token": True}
    service._reply = noted
    return service


async def talk(spec: CharacterSpec, timed: Timed, *, ahead: bool) -> None:
    listener, model = TimedListener(), timed_model(spec, timed)
    listener.on_first = lambda: timed.note("to the first clause")
    smart_turn = SharedSmartTurn(_at_once, InferenceBudget(Load()))
    smart_turn.set_sample_rate(ears.RATE_HZ)
    history: list[prompts.Message] = [{"role": "assistant", "content": prompts.greeting(spec, {})}]
    said: Sequence[str] = ()
    async with answering(spec, model, listener) as ask:
        for question in QUESTIONS:
            pcm = spoken(question)
            timed.begin()
            heard = await asyncio.to_thread(ears.english().listen, pcm.tobytes())
            timed.note("recogniser")
            await asyncio.to_thread(smart_turn.is_end, [(0.0, pcm)])
            timed.note("Smart Turn")
            history.append({"role": "user", "content": heard.text})
            prompt, turn = await asyncio.to_thread(prepared, spec, history, {}, said, help_it=True)
            turn = replace(turn, answer=None)  # the model is to answer
            said = turn.said
            timed.note("prompt")
            await ask(prompt, turn, 0.0)  # both ways the same
            timed.begin()
            await asyncio.to_thread(voices.synthesize, listener.pieces[0], voices.Wish.of(spec))
            timed.note("its sound")
            history.append({"role": "assistant", "content": " ".join(listener.pieces)})
            if ahead:
                timed.begin()
                now = prompts.render(spec, {}, history, limit=smollm.SLOT_TOKENS)
                await model.read_ahead(now.as_messages())
                timed.note("ahead")


async def _at_once() -> None: ...


def cast(slug: str) -> CharacterSpec:
    data = SAILOR["data"]
    sailor = CharacterSpec(
        "sailor",
        str(data["name"]),
        greeting=str(data["first_mes"]),
        system_prompt=str(data["system_prompt"]),
    )
    return next((spec for spec in specs() if spec.slug == slug), sailor)


def table(name: str, timed: Timed) -> None:
    print(f"{name}: {len(timed.read)} turns, ms of CPU (of the clock), median and the longest")
    for stage in (*STAGES, "ahead"):
        if took := timed.took[stage]:
            (cpu, wall), (most_cpu, most_wall) = (
                [pick([one[kind] for one in took]) for kind in (0, 1)] for pick in (median, max)
            )
            read = f"   tokens read: {median(timed.read):.0f}, {max(timed.read)}" if "token" in stage else ""
            print(f"  {stage:>20} {cpu:6.0f} ({wall:5.0f}) {most_cpu:6.0f} ({most_wall:5.0f}){read}")
    whole = [timed.whole(kind) for kind in (0, 1)]
    print(
        f"  {'to the first sound':>20} {median(whole[0]):6.0f} ({median(whole[1]):5.0f})"
        f" {max(whole[0]):6.0f} ({max(whole[1]):5.0f})",
        flush=True,
    )


async def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rounds", type=int, default=2)
    given.add_argument("--character", default="sailor", help="or the slug of a demo character")
    options = given.parse_args()
    spec = cast(options.character)
    index_cache().written(spec)
    await asyncio.to_thread(index_cache().read)
    ears.english().listen(np.zeros(ears.RATE_HZ, np.int16).tobytes())
    voices.synthesize("Good evening.", voices.Wish.of(spec))
    ways = {"without": Timed(), "read ahead": Timed()}
    for _ in range(options.rounds):
        for name, timed in ways.items():
            await talk(spec, timed, ahead=name == "read ahead")
    for name, timed in ways.items():
        table(name, timed)


if __name__ == "__main__":
    asyncio.run(main())
