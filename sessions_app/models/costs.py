"""Models of what conversations use and what that costs: amounts without words, prices, budgets."""

from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from characters.models import Character
from sessions_app.models.sessions import ApiKey

STAGE_CHOICES = (
    ("stt", _("listens (speech-to-text)")),
    ("llm", _("thinks (language model)")),
    ("tts", _("speaks (text-to-speech)")),
)
CURRENCY = RegexValidator(r"^[A-Z]{3}$", _("Three capital letters, such as EUR."))


class Usage(models.Model):
    """How much of a provider's model was used on a day: for a session, or in sum when that is erased.

    Of a session there is a row for each `part`, the connection that counts; it only ever grows. Without a
    session it is a sum of what nobody's conversation holds any more, and of the desk's.
    """

    class Source(models.TextChoices):
        TALK = "talk", _("conversation")
        SUMMARY = "summary", _("summary")
        MEMORY = "memory", _("memory")
        BEFOREHAND = "beforehand", _("made beforehand")
        DESK = "desk", _("the desk")

    KEY: ClassVar[tuple[str, ...]] = ("day", "stage", "provider", "model", "character", "source")
    AMOUNTS: ClassVar[tuple[str, ...]] = (
        "calls",
        "estimated",
        "unmeasured",
        "input_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "output_tokens",
        "reasoning_tokens",
        "input_audio_tokens",
        "cached_audio_tokens",
        "output_audio_tokens",
        "heard_ms",
        "characters",
        "spoken_ms",
    )

    session_id = models.UUIDField(_("conversation"), null=True)
    part = models.UUIDField(null=True)
    day = models.DateField(_("day"), db_index=True)  # of TIME_ZONE
    stage = models.CharField(_("stage"), max_length=3, choices=STAGE_CHOICES)
    provider = models.CharField(_("provider"), max_length=200)
    model = models.CharField(_("model"), max_length=200, blank=True)
    character = models.CharField(_("character"), max_length=50, blank=True)
    api_key = models.PositiveBigIntegerField(_("API key"), default=0)  # by which it began; 0: none
    source = models.CharField(_("what for"), max_length=12, choices=Source.choices, default=Source.TALK)

    calls = models.PositiveBigIntegerField(_("requests"), default=0)
    # Of the requests: those whose amounts were estimated, and those of which nobody knows any.
    estimated = models.PositiveBigIntegerField(_("estimated requests"), default=0)
    unmeasured = models.PositiveBigIntegerField(_("unmeasured requests"), default=0)
    # Tokens of each kind stand in one place only, but for those of reasoning, which are output tokens, too.
    input_tokens = models.PositiveBigIntegerField(_("input tokens"), default=0)
    cached_tokens = models.PositiveBigIntegerField(_("cached input tokens"), default=0)
    cache_write_tokens = models.PositiveBigIntegerField(_("tokens written to the cache"), default=0)
    output_tokens = models.PositiveBigIntegerField(_("output tokens"), default=0)
    reasoning_tokens = models.PositiveBigIntegerField(_("reasoning tokens"), default=0)
    input_audio_tokens = models.PositiveBigIntegerField(_("input tokens of sound"), default=0)
    cached_audio_tokens = models.PositiveBigIntegerField(_("cached input tokens of sound"), default=0)
    output_audio_tokens = models.PositiveBigIntegerField(_("output tokens of sound"), default=0)
    heard_ms = models.PositiveBigIntegerField(_("milliseconds heard"), default=0)
    characters = models.PositiveBigIntegerField(_("characters spoken"), default=0)
    spoken_ms = models.PositiveBigIntegerField(_("milliseconds spoken"), default=0)

    class Meta:
        default_permissions: ClassVar = ("view",)
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session_id", "part", "day", "stage", "provider", "model", "character", "source"],
                condition=Q(session_id__isnull=False),
                name="usage_of_session",
            ),
            models.UniqueConstraint(
                fields=["day", "stage", "provider", "model", "character", "source", "api_key"],
                condition=Q(session_id__isnull=True),
                name="usage_in_sum",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.stage} {self.provider} {self.model}".strip()


class Price(models.Model):
    """What an amount of a provider's model costs from a day on. Where there is none, the cost is unknown."""

    class Unit(models.TextChoices):
        INPUT = "input_tokens", _("1 million input tokens")
        CACHED = "cached_tokens", _("1 million cached input tokens")
        CACHE_WRITE = "cache_write_tokens", _("1 million tokens written to the cache")
        OUTPUT = "output_tokens", _("1 million output tokens")
        INPUT_AUDIO = "input_audio_tokens", _("1 million input tokens of sound")
        CACHED_AUDIO = "cached_audio_tokens", _("1 million cached input tokens of sound")
        OUTPUT_AUDIO = "output_audio_tokens", _("1 million output tokens of sound")
        HEARD = "heard_ms", _("1 minute heard")
        CHARACTERS = "characters", _("1 million characters spoken")
        SPOKEN = "spoken_ms", _("1 minute spoken")
        FREE = "free", _("all of it is free")

    TOKENS: ClassVar[tuple[str, ...]] = (
        "input_tokens",
        "cached_tokens",
        "cache_write_tokens",
        "output_tokens",
        "input_audio_tokens",
        "cached_audio_tokens",
        "output_audio_tokens",
    )
    # How much of an amount a price is for.
    PER: ClassVar[dict[str, int]] = {
        **dict.fromkeys(TOKENS, 1_000_000),
        "characters": 1_000_000,
        "heard_ms": 60_000,
        "spoken_ms": 60_000,
    }
    STAGES: ClassVar[dict[str, tuple[str, ...]]] = {
        "stt": ("heard_ms", "free"),
        "llm": (*TOKENS, "free"),
        "tts": ("characters", "spoken_ms", "free"),
    }

    stage = models.CharField(_("stage"), max_length=3, choices=STAGE_CHOICES)
    provider = models.CharField(
        _("provider"), max_length=200, help_text=_("The name by which characters choose it: local, openai, …")
    )
    model = models.CharField(
        _("model"), max_length=200, blank=True, help_text=_("Empty: each that has no price of its own.")
    )
    unit = models.CharField(_("for"), max_length=20, choices=Unit.choices)
    price = models.DecimalField(
        _("price"), max_digits=14, decimal_places=6, default=0, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[CURRENCY])
    valid_from = models.DateField(_("valid from"))

    class Meta:
        ordering: ClassVar = ["provider", "model", "unit", "-valid_from"]
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["stage", "provider", "model", "unit", "valid_from"],
                name="one_price_a_day",
                violation_error_message=_("There is a price of this for that day already."),
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.provider, self.model, self.get_unit_display()]))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.provider, self.model = self.provider.strip(), self.model.strip()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        if self.stage and self.unit and self.unit not in self.STAGES.get(self.stage, ()):
            raise ValidationError({"unit": _("That is nothing which this stage uses.")})
        if self.unit == self.Unit.FREE and self.price:
            raise ValidationError({"price": _("What is free has the price 0.")})


class Budget(models.Model):
    """What may be spent: in a day by the house, a character or an API key, or by one session."""

    class Period(models.TextChoices):
        DAY = "day", _("a day")
        SESSION = "session", _("a conversation")

    period = models.CharField(_("for"), max_length=8, choices=Period.choices, default=Period.DAY)
    character = models.ForeignKey(
        Character,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("character"),
        help_text=_("Empty: all characters together."),
    )
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("API key"),
        help_text=_("Of what begins by this key; empty: however it begins."),
    )
    amount = models.DecimalField(
        _("amount"), max_digits=14, decimal_places=4, validators=[MinValueValidator(Decimal("0.0001"))]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR", validators=[CURRENCY])
    active = models.BooleanField(_("in force"), default=True)
    step_at = models.PositiveSmallIntegerField(
        _("step down at, in percent"),
        default=80,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("From here on the providers below serve, where one is named."),
    )
    stt_provider = models.CharField(_("then listens"), max_length=200, blank=True)
    llm_provider = models.CharField(_("then thinks"), max_length=200, blank=True)
    tts_provider = models.CharField(_("then speaks"), max_length=200, blank=True)
    line = models.TextField(
        _("last words"),
        blank=True,
        max_length=400,
        help_text=_("What the character says when all is spent; empty for the house's words."),
    )

    class Meta:
        ordering: ClassVar = ["period", "character", "api_key"]
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}, {self.get_period_display()}"
