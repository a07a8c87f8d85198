"""Answers ahead: one that is prepared in a pause leaves nothing behind unless it is heard.

Pipecat's gate in the model's service holds its words; the voice makes the sound of its first clause.
"""

import asyncio

from django.conf import settings
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.services.llm_service import LLMService

from voicebot.pipecat_internals.speculation import watch_gate
from voicebot.pipeline.activity import Activity, Event
from voicebot.pipeline.conversation_state import ConversationState
from voicebot.pipeline.replies.sentence_limit import first_spoken
from voicebot.providers import registry


class AnswersAhead:
    """Of one connection's pipeline, for `turns`."""

    def __init__(
        self, state: ConversationState, context: LLMContext, activity: Activity, services: registry.Services
    ) -> None:
        self._state, self._context, self._activity = state, context, activity
        self._model, self._voice = services.llm, services.tts
        self._written = ""  # of the answer that is being prepared
        self._clause = ""  # its first one, once it is known
        self._failed = False
        self._making: asyncio.Task | None = None
        if isinstance(self._model, LLMService):
            watch_gate(self._model, self._on_text, self._on_error)

    @property
    def may_guess(self) -> bool:
        provider = registry.name_for("llm", self._state.spec)
        free = provider in settings.ANSWER_AHEAD_PROVIDERS
        return free and isinstance(self._model, LLMService) and not self._state.changes_soon

    @property
    def basis(self) -> object:
        state = self._state
        said = len(self._context.get_messages())
        known = state.context.remembering.revision
        return state.session, state.speaking, state.changes_soon, state.replies, said, known, self._failed

    def guessing(self) -> None:
        self._written = self._clause = ""
        self._failed = False

    def confirmed(self) -> None:
        self._activity.on(Event.ASKED)

    def withdrawn(self) -> None:
        if isinstance(self._voice, registry.SpeaksAhead):
            self._voice.forget_ahead()

    def _on_error(self) -> None:
        self._failed = True

    def _on_text(self, text: str | None) -> None:
        if self._clause:
            return
        self._written += text or ""
        self._clause = first_spoken(self._written, over=text is None)
        if self._clause and isinstance(self._voice, registry.SpeaksAhead):
            self._making = asyncio.create_task(self._voice.speak_ahead(self._clause))
