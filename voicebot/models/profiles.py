"""Provider profiles: services of speech and language that an operator set up in the admin."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.crypto import SealedRow
from voicebot import service_options

PROFILE_TABLE, KEY_FIELD, OPTIONS_FIELD = "provider_profile", "api_key", "options"


class ProviderProfile(SealedRow):
    """A named way to build a Pipecat service. Its secrets are sealed under the key ring, and never shown.

    They are bound to where they go (`options.destination`): after the service or its address has changed, by
    whatever hand, they do not open any more.
    """

    class Stage(models.TextChoices):
        STT = "stt", _("listens (speech-to-text)")
        LLM = "llm", _("thinks (language model)")
        TTS = "tts", _("speaks (text-to-speech)")
        SPEECH_TO_SPEECH = "speech_to_speech", _("does all three (speech to speech)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(_("name"), unique=True, help_text=_("What characters call it by."))
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices)
    service = models.CharField(
        _("service"),
        max_length=200,
        validators=[RegexValidator(r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$", _("This is not a dotted path."))],
        help_text=_(
            "The dotted path of a service, such as pipecat.services.openai.llm.OpenAILLMService; of speech "
            "to speech the vendor's name, such as openai_realtime."
        ),
    )
    options = models.JSONField(
        _("options"),
        default=dict,
        blank=True,
        help_text=_(
            "What the service is made with, as JSON. “settings” in it become the service's Settings."
        ),
    )
    context_tokens = models.PositiveIntegerField(
        _("context tokens"),
        null=True,
        blank=True,
        help_text=_("How much its model reads at once; empty for LLM_CONTEXT_TOKENS."),
    )
    sealed_api_key = models.BinaryField(null=True, editable=False)
    sealed_options = models.BinaryField(null=True, editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["stage", "name"]
        verbose_name = _("provider profile")
        verbose_name_plural = _("provider profiles")

    def __str__(self) -> str:
        return self.name

    @property
    def has_api_key(self) -> bool:
        return bool(self.sealed_api_key)

    @property
    def has_secrets(self) -> bool:
        return bool(self.sealed_api_key or self.sealed_options)

    @property
    def destination(self) -> str:
        """Where its secrets go."""
        return service_options.destination(self.service, self.options)

    def seal(self, api_key: str, secret_options: Mapping[str, Any] | None = None) -> None:
        """Keeps these secrets and no others, sealed for where the service points now."""
        if not api_key and not secret_options:
            self.key_id, self.wrapped_key, self.sealed_api_key, self.sealed_options = "", None, None, None
            return
        seal, bound = self.new_sealer().seal, self.destination
        self.sealed_api_key = seal(PROFILE_TABLE, KEY_FIELD, 0, api_key, bound) if api_key else None
        self.sealed_options = (
            seal(PROFILE_TABLE, OPTIONS_FIELD, 0, dict(secret_options), bound) if secret_options else None
        )

    def api_key(self) -> str:
        """The API key in the clear, '' if there is none. Raises RecordUnreadable."""
        opened: str = self._open(KEY_FIELD, self.sealed_api_key) or ""
        return opened

    def secret_options(self) -> dict[str, Any]:
        """The options that are sealed, in the clear. Raises RecordUnreadable."""
        opened: dict[str, Any] = self._open(OPTIONS_FIELD, self.sealed_options) or {}
        return opened

    def _open(self, field: str, sealed: bytes | memoryview | None) -> Any:
        if not sealed:
            return None
        return self.sealer().open(PROFILE_TABLE, field, 0, bytes(sealed), self.destination)
