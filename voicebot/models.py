"""Provider profiles: services of speech and language that an operator set up in the admin."""

import uuid
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from sessions_app.keyring import WrappedKey, key_ring
from sessions_app.sealing import Sealer

TABLE, FIELD = "provider_profile", "api_key"


class ProviderProfile(models.Model):
    """A named way to build a Pipecat service. Its API key is sealed under the key ring, and never shown."""

    class Stage(models.TextChoices):
        STT = "stt", "listens (speech-to-text)"
        LLM = "llm", "thinks (language model)"
        TTS = "tts", "speaks (text-to-speech)"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(unique=True, help_text="What characters call it by.")
    stage = models.CharField(max_length=3, choices=Stage.choices)
    service = models.CharField(
        max_length=200,
        validators=[RegexValidator(r"^[A-Za-z_][\w.]*\.[A-Za-z_]\w*$", "This is not a dotted path.")],
        help_text="The dotted path of a service, such as pipecat.services.openai.llm.OpenAILLMService.",
    )
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text="What the service is made with, as JSON. “settings” in it become the service's Settings.",
    )
    context_tokens = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How much its model reads at once; empty for LLM_CONTEXT_TOKENS.",
    )
    key_id = models.CharField(max_length=32, blank=True, editable=False)
    wrapped_key = models.BinaryField(null=True, editable=False)
    sealed_api_key = models.BinaryField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["stage", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def has_api_key(self) -> bool:
        return bool(self.sealed_api_key)

    def seal(self, api_key: str) -> None:
        """Keeps an API key, sealed; '' forgets it."""
        if not api_key:
            self.key_id, self.wrapped_key, self.sealed_api_key = "", None, None
            return
        data_key, wrapped = key_ring().new_data_key(self.id)
        self.key_id, self.wrapped_key = wrapped.key_id, wrapped.data
        self.sealed_api_key = Sealer(data_key, self.id).seal(TABLE, FIELD, 0, api_key)

    def api_key(self) -> str:
        """The API key in the clear, '' if there is none. Raises RecordUnreadable."""
        if not self.sealed_api_key or self.wrapped_key is None:
            return ""
        data_key = key_ring().unwrap(WrappedKey(self.key_id, bytes(self.wrapped_key)), self.id)
        opened: str = Sealer(data_key, self.id).open(TABLE, FIELD, 0, bytes(self.sealed_api_key))
        return opened

    @classmethod
    def rewrap_all(cls) -> int:
        """Rewraps each API key that an older key wraps; returns how many. Raises RecordUnreadable."""
        ring, done = key_ring(), 0
        for profile in cls.objects.exclude(key_id__in=["", ring.active]):
            data_key = ring.unwrap(WrappedKey(profile.key_id, bytes(profile.wrapped_key or b"")), profile.id)
            wrapped = ring.wrap(data_key, profile.id)
            done += cls.objects.filter(pk=profile.pk, key_id=profile.key_id).update(
                key_id=wrapped.key_id, wrapped_key=wrapped.data
            )
        return done
