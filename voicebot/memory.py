"""What a language model is told of the past: a summary of the oldest turns, and the newest as they were."""

import logging
from collections.abc import Sequence
from typing import Any, Protocol, cast, runtime_checkable

from pipecat.processors.aggregators.llm_context import LLMContext, LLMContextMessage

from characters.prompts import SUMMARY_CHARACTERS
from characters.sheet import Sheet
from sessions_app.history import CUT_OFF, Past, Turn
from voicebot.stage import Stage

log = logging.getLogger(__name__)

NEWEST_TURNS = 40  # that a resumed conversation begins with
SUMMARISE_FROM = 60  # turns without a summary
KEEP_TURNS = 20  # that stay as they were
SUMMARY_TOKENS = 160
FLUSH_SECS = 5.0  # for turns that are still on their way to the database


@runtime_checkable
class Infers(Protocol):
    """A Pipecat LLM service that answers out of band."""

    async def run_inference(
        self, context: LLMContext, max_tokens: int | None = None, system_instruction: str | None = None
    ) -> str | None: ...


def as_messages(past: Past) -> list[LLMContextMessage]:
    """The past as messages; a turn that was cut off ends where the visitor spoke into it."""
    return [cast(LLMContextMessage, {"role": turn.role, "content": turn.shown}) for turn in past.turns]


def _script(sheet: Sheet, turns: Sequence[Turn]) -> str:
    return "\n".join(f"{'Visitor' if t.role == 'user' else sheet.name}: {t.shown}" for t in turns)


def gist(summary: str, turns: Sequence[Turn]) -> str:
    """A summary without a model: what the visitor said, each beginning, the newest last."""
    said = [turn.text[:80] for turn in turns if turn.role == "user"]
    text = " ".join(filter(None, [summary, "The visitor said: " + "; ".join(said) + "." if said else ""]))
    return text[-SUMMARY_CHARACTERS:]


async def summarise(llm: Any, sheet: Sheet, summary: str, turns: Sequence[Turn]) -> str:
    """What `summary` and the `turns` after it come to, in a few sentences; never fails."""
    if not isinstance(llm, Infers):
        return gist(summary, turns)
    script = (f"So far: {summary}\n\n" if summary else "") + _script(sheet, turns)
    context = LLMContext([cast(LLMContextMessage, {"role": "user", "content": script[-6000:]})])
    instruction = (
        f"Summarise this conversation between a visitor and {sheet.name} in at most five short sentences. "
        "Keep names, wishes and promises."
    )
    try:
        text = await llm.run_inference(context, max_tokens=SUMMARY_TOKENS, system_instruction=instruction)
    except Exception:
        log.exception("a summary failed; the gist is kept instead")
        text = None
    return " ".join((text or gist(summary, turns)).split())[:SUMMARY_CHARACTERS]


def mark_cut_off(context: LLMContext, content: str) -> None:
    """Tells the model, too, that its last words of this `content` did not get to their end."""
    for message in reversed(context.get_messages()):
        if isinstance(message, dict) and (message.get("role"), message.get("content")) == (
            "assistant",
            content,
        ):
            message["content"] = content + CUT_OFF
            return


class Summary:
    """Keeps the summary of a running conversation up to date; `upto` is the turn that it reaches to."""

    def __init__(self, upto: int):
        self._upto = upto

    async def renew(self, stage: Stage, llm: Any) -> bool:
        """Whether old turns have now moved from the conversation into `stage.summary`."""
        newest = stage.recorder.sequence
        if newest - self._upto < SUMMARISE_FROM:
            return False
        covered, self._upto = self._upto, newest - KEEP_TURNS
        session_id = stage.session.id
        try:
            await stage.recorder.flush(FLUSH_SECS)
            turns = await stage.manager.history(session_id, after=covered)
            old = [turn for turn in turns if turn.sequence <= self._upto]
            text = await summarise(llm, stage.sheet, stage.summary, old)
            await stage.manager.keep_summary(session_id, self._upto, text)
        except Exception:
            self._upto = covered  # tried again after the next turn
            log.exception("old turns of session %s could not be summarised", session_id)
            return False
        stage.summary = text
        return True
