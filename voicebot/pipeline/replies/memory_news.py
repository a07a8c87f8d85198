"""Memory news: what a client hears of what its visitor is remembered by, and the question, spoken."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from pipecat.frames.frames import TTSSpeakFrame

from characters.spec import CharacterSpec
from sessions_app.memories import Recollection
from voicebot.memories import AsksModel
from voicebot.pipeline.activity import Activity
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.rtvi import SessionRTVI
from voicebot.pipeline.worker import Worker
from voicebot.providers import JSONAnswers
from voicebot.usage import counting

READ_AFTER_SECS = 1.5  # of silence after the reply: a model that reads does not answer meanwhile
ASK_AFTER_SECS = 0.8  # of silence after the reply: the question is a sentence of its own


def question_of(spec: CharacterSpec) -> str:
    """How a character asks whether it may remember, in its language."""
    with translation.override("zh-hans" if spec.language == "zh" else spec.language):
        return spec.memory_question.strip() or _("May I remember you for the next time?")


class MemoryNews:
    """Of one connection's pipeline: tells its client, and asks its visitor, once."""

    def __init__(
        self, state: ConversationState, activity: Activity, rtvi: SessionRTVI, worker: Worker, llm: Any
    ):
        self._state, self._activity, self._rtvi, self._worker = state, activity, rtvi, worker
        self._remembering = state.context.remembering
        self._remembering.on_learnt = self._learnt
        self._remembering.on_ask = self._ask
        self._remembering.on_answer = self._send
        ask = self._counted(JSONAnswers(llm)) if JSONAnswers.can(llm) else None
        self._remembering.read_with(ask, lambda: activity.until_quiet(READ_AFTER_SECS))

    def _counted(self, answers: JSONAnswers) -> AsksModel:
        async def ask(instruction: str, words: str, schema: Mapping[str, Any]) -> str | None:
            with counting(self._state.context.meter, "memory"):
                return await answers(instruction, words, schema)

        return ask

    async def begin(self) -> None:
        """Tells whether this character remembers, what the visitor has answered, and the question."""
        if self._remembering.remembers:
            await self._send(question=question_of(self._state.speaking), known=len(self._remembering.known))

    async def _learnt(self, learnt: Sequence[Recollection]) -> None:
        await self._send(learnt=[memory.as_json() for memory in learnt])

    async def _send(self, **more: object) -> None:
        message = {"type": "memory", "consent": self._remembering.consent, **more}
        await self._rtvi.send_server_message(message)

    async def _ask(self) -> None:
        """Asks aloud when the reply is over, unless the visitor has answered on the page meanwhile."""
        await self._activity.until_quiet(ASK_AFTER_SECS)
        if not self._remembering.consent:
            await self._worker.queue_frame(TTSSpeakFrame(question_of(self._state.speaking)))
            self._remembering.question_spoken()

    async def end(self) -> None:
        """The connection is over: what was learnt is kept."""
        await self._remembering.end(self._state.summary)
