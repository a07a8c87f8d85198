"""Sixty turns with each demo character, judged by rules: .venv/bin/python -m benchmarks.talk [--kept FILE]

With the default install, in process: the prompt's processor, the language model's service and the limit of
sentences, as a conversation has them, without ears and voices. Before is SmolLM2-135M alone, with the first
three examples in its prompt; after has the repertoire, facts of the visitor and the check of replies. The
questions are in benchmarks/questions/talk.txt, one visitor's talk in its order; the kinds of its faults were
mended with it in view. `--held-out` asks thirty others of two characters (talk-held-out.txt), with which
nothing was tuned, `--turns` the first so many only, `--only SLUG` one character. `--kept FILE` keeps what
came of each talk; a run with the same file holds those that are missing only. All take a quarter of an hour.

Name recalled: replies to its questions for the visitor's name that have it; told: replies to other questions
about the visitor that have what they told. Own name: replies
that call the character by no other's. Again: replies that are word for word an earlier one of the same talk.
Role: replies that `reply_check` finds out of it, or that do not tell who asks that a machine is there.
Script: replies in another than the character's. Written: replies that editors wrote. Then the time to the
first clause. The rules of the check are those that judge, so role, name and again say that it works, and no
more; none says whether a reply is good, or fits.
"""

import argparse
import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from pipecat.frames.frames import (  # noqa: E402
    AggregatedTextFrame,
    EndFrame,
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMUpdateSettingsFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.worker import PipelineParams, PipelineWorker  # noqa: E402
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor  # noqa: E402
from pipecat.services.settings import LLMSettings  # noqa: E402
from pipecat.workers.runner import WorkerRunner  # noqa: E402

from benchmarks.demo_characters import QUESTIONS, specs  # noqa: E402
from benchmarks.talk_verdicts import KeptTalks, Talk, heading, judge, row, whole  # noqa: E402
from characters import prompts  # noqa: E402
from characters.spec import CharacterSpec  # noqa: E402
from characters.text import Moment  # noqa: E402
from voicebot.history import gathered, told_facts  # noqa: E402
from voicebot.pipeline.prompting import FACTS_TOLD  # noqa: E402
from voicebot.pipeline.replies.sentence_limit import SentenceLimit  # noqa: E402
from voicebot.providers import ThoughtFilter  # noqa: E402
from voicebot.providers.local import helped, smollm  # noqa: E402
from voicebot.providers.repertoire.written_speech import WrittenSpeech  # noqa: E402
from voicebot.repertoire import (  # noqa: E402
    SHOWN_TO_SMALL,
    WrittenContext,
    WrittenTurn,
    index_cache,
    told_in,
    written_turn,
)

TAG = re.compile(r"\[(\w+)(?: ([^\]]+))?\]\s*")
HELD_OUT = ("captain-marlow", "ada-quill")
TURN_SECS = 60.0
# Messages from which on a summary is made, which nobody judges here, and those that stay.
MOST, KEPT = 60, 20


Ask = Callable[[prompts.Prompt, WrittenTurn, float], Awaitable[None]]


class Listener(FrameProcessor):
    """Takes what would go to the voice."""

    def __init__(self) -> None:
        super().__init__()
        self.over = asyncio.Event()
        self.pieces: list[str] = []
        self.first: float | None = None

    def begin(self) -> None:
        self.over.clear()
        self.pieces, self.first = [], None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, AggregatedTextFrame):
            self.first = self.first or time.perf_counter()
            self.pieces.append(frame.text)
        elif isinstance(frame, LLMFullResponseEndFrame):
            self.over.set()
        await self.push_frame(frame, direction)


def prepared(
    spec: CharacterSpec,
    history: Sequence[prompts.Message],
    facts: dict[str, str],
    said: Sequence[str],
    *,
    help_it: bool,
) -> tuple[prompts.Prompt, WrittenTurn]:
    """The prompt of a turn, as `voicebot.pipeline.prompting.prepare` makes it."""
    moment = Moment(now=datetime.now(UTC))
    lore = prompts.activate(spec, {}, history, moment=moment)
    limit = smollm.SLOT_TOKENS
    if not help_it:
        return prompts.render(spec, {}, history, lore=lore, limit=limit, moment=moment), WrittenTurn()
    metadata: dict[str, Any] = {"name": facts["name"]} if "name" in facts else {}
    texts = [message["content"] for message in history if message["role"] == "user"]
    turn = written_turn(
        spec,
        history,
        metadata,
        told=lambda: told_in(texts, facts, (), datetime.now(UTC).date()),
        earlier=said,
        seed=spec.slug,
        moment=moment,
        within_secs=1.0,
    )
    notes = [FACTS_TOLD + "; ".join(told_facts(facts)) + "."] if facts else []
    prompt = prompts.render(
        spec,
        {},
        history,
        lore=lore,
        limit=limit,
        moment=moment,
        fitting=[match.exchange for match in turn.matches[:1] if match.sure >= SHOWN_TO_SMALL],
        notes=[*notes, *turn.notes],
    )
    return prompt, turn


def service(spec: CharacterSpec, *, help_it: bool) -> FrameProcessor:
    if spec.llm_provider == "repertoire":
        return WrittenSpeech(spec)
    made = helped.service(spec)
    if not help_it:
        made.helps = False
    return made


@asynccontextmanager
async def answering(spec: CharacterSpec, model: FrameProcessor, listener: Listener) -> AsyncIterator[Ask]:
    """A character's model that has read its opening, behind it what a pipeline has before the voice."""
    if isinstance(model, smollm.LocalLLM):
        opening = prompts.render(spec, {}, limit=smollm.SLOT_TOKENS).as_messages()
        await model.prefill(opening, opening)
    worker = PipelineWorker(
        Pipeline([model, ThoughtFilter("local"), SentenceLimit(spec.reply_sentences), listener]),
        params=PipelineParams(),
        enable_rtvi=False,
        enable_turn_tracking=False,
        idle_timeout_secs=None,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    running = asyncio.create_task(runner.run())

    async def ask(prompt: prompts.Prompt, turn: WrittenTurn, temperature: float) -> None:
        asked = WrittenContext([dict(message) for message in prompt.messages])  # type: ignore[misc]
        asked.written = turn
        listener.begin()
        delta = LLMSettings(system_instruction=prompt.instructions, temperature=temperature)
        await worker.queue_frames([LLMUpdateSettingsFrame(delta=delta), LLMContextFrame(asked)])
        async with asyncio.timeout(TURN_SECS):
            await listener.over.wait()

    yield ask
    await worker.queue_frames([EndFrame()])
    await running


async def talk(spec: CharacterSpec, lines: Sequence[str], *, help_it: bool) -> Talk:
    listener, result = Listener(), Talk()
    made = service(spec, help_it=help_it)
    history: list[prompts.Message] = [{"role": "assistant", "content": prompts.greeting(spec, {})}]
    facts: dict[str, str] = {}
    name: str = ""
    said: Sequence[str] = ()
    async with answering(spec, made, listener) as ask:
        for line in lines:
            tag, wanted = (found[1], found[2] or "") if (found := TAG.match(line)) else ("", "")
            words = TAG.sub("", line)
            name = gathered({}, [words]).get("name", name) if tag == "name" else name
            history.append({"role": "user", "content": words})
            facts = gathered(facts, [words])
            if len(history) > MOST:
                history = history[-KEPT:]
            began = time.perf_counter()
            prompt, turn = await asyncio.to_thread(prepared, spec, history, facts, said, help_it=help_it)
            said = turn.said
            await ask(prompt, turn, spec.temperature)
            reply = " ".join(listener.pieces)
            judge(spec, result, tag, wanted or name, reply)
            if listener.first is not None:
                result.first_secs.append(listener.first - began)
            if reply:
                history.append({"role": "assistant", "content": reply})
    return result


def lines_of(name: str, most: int) -> list[str]:
    text = (QUESTIONS / f"{name}.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")][: most or None]


def cast_of(options: argparse.Namespace) -> list[tuple[CharacterSpec, list[str]]]:
    """Who is talked with, and what is said to them."""
    every = list(specs())
    if options.held_out:
        english = [(spec, "talk-held-out") for spec in every if spec.slug in HELD_OUT]
    else:
        english = [(spec, "talk") for spec in every if spec.language == "en"]
    chosen = [*english, *((spec, "talk-zh") for spec in every if spec.language == "zh")]
    return [
        (
            spec if spec.llm_provider == "repertoire" else replace(spec, llm_provider=""),
            lines_of(name, options.turns),
        )
        for spec, name in chosen
        if options.only in ("", spec.slug)
    ]


async def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--before", action="store_true", help="only the model alone")
    given.add_argument("--after", action="store_true", help="only with the help")
    given.add_argument("--show", action="store_true", help="print what was said")
    given.add_argument("--held-out", action="store_true", help="questions with which nothing was tuned")
    given.add_argument("--turns", type=int, default=0, help="of each talk, the first so many")
    given.add_argument("--only", default="", help="the slug of one character")
    given.add_argument("--kept", type=Path, help="a file of talks that need not be held again")
    options = given.parse_args()
    cast = cast_of(options)
    for spec, _ in cast:
        index_cache().written(spec)
    await asyncio.to_thread(index_cache().read)
    kept = KeptTalks(options.kept)
    print(heading())
    for help_it in (True,) if options.after else (False,) if options.before else (False, True):
        when, results = ("after" if help_it else "before"), []
        for spec, lines in cast:
            if spec.llm_provider == "repertoire" and not help_it:
                continue  # there is no model to be alone
            named = f"{when} {spec.slug} {len(lines)}{' held out' * options.held_out}"
            if (result := kept.get(named)) is None:
                result = await talk(spec, lines, help_it=help_it)
                kept.keep(named, result)
            results.append(result)
            print(row(f"{when}, {spec.name}", results[-1]), flush=True)
            if options.show:
                for line, reply in zip(lines, results[-1].replies, strict=True):
                    print(f"    {line}\n        {reply}")
        if results:
            print(row(f"{when}, all", whole(results)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
