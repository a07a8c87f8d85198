"""A character as its editors write it: the working copy, of which versions are published."""

from typing import Any, ClassVar

from django.core.validators import FileExtensionValidator, MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from characters.models.address import FormerAddress
from characters.portraits import PortraitField, portrait_path, validate_portrait
from characters.signals import character_moved

LANGUAGES = [
    ("en", _("English")),
    ("zh", _("Chinese")),
    ("de", _("German")),
    ("es", _("Spanish")),
    ("fr", _("French")),
    ("it", _("Italian")),
    ("ja", _("Japanese")),
    ("ko", _("Korean")),
    ("nl", _("Dutch")),
    ("pl", _("Polish")),
    ("pt", _("Portuguese")),
    ("ru", _("Russian")),
    ("tr", _("Turkish")),
    ("uk", _("Ukrainian")),
]


class Character(models.Model):
    """The draft of a character, and which of its versions is published.

    Everything but the address is content, see `characters.content`. The voice side reads characters
    through `characters.catalog` only.
    """

    slug = models.SlugField(
        "address",
        unique=True,
        help_text=_("The last part of the page's address. After a change the old one leads here, too."),
    )
    name = models.CharField(max_length=80)
    nickname = models.CharField(
        "called", max_length=80, blank=True, help_text="What {{char}} stands for, if not the name."
    )
    tagline = models.CharField(
        max_length=120, blank=True, help_text="One line under the name in the gallery."
    )
    avatar = PortraitField(
        "portrait",
        upload_to=portrait_path,
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg", "webp"]), validate_portrait],
        help_text="Square, PNG, JPEG or WebP, at most 5 MB.",
    )
    about = models.TextField(
        blank=True,
        help_text="What visitors read on the character's page, and other people who get its card. "
        "The character itself never hears of it.",
    )
    tags = models.JSONField(default=list, blank=True, help_text="One a line. Visitors find by them.")
    creator = models.CharField(max_length=200, blank=True, help_text="Who made this one up?")
    creator_version = models.CharField(
        "creator's version", max_length=80, blank=True, help_text="The creator's own count, kept in its card."
    )

    system_prompt = models.TextField(
        "instructions",
        blank=True,
        help_text="What the language model is told first. One clear line is often best. "
        "{{char}} and {{user}} stand for the two names, {{original}} for our own first line.",
    )
    description = models.TextField(blank=True, help_text="Who is this? Age, looks, trade, past.")
    personality = models.TextField(blank=True, help_text="How does this one speak, think and feel?")
    scenario = models.TextField(blank=True, help_text="Where are you two? What does this one want?")
    post_history = models.TextField(
        "last word",
        blank=True,
        help_text="Told to the model after everything that was said, on each turn. Few characters need it.",
    )

    depth_prompt = models.TextField(
        _("note in the conversation"),
        blank=True,
        help_text=_(
            "Told to the model among the messages, on each turn: SillyTavern's “character's note” "
            "(depth prompt). Few characters need it."
        ),
    )
    depth_prompt_depth = models.PositiveSmallIntegerField(
        _("messages after it"),
        default=4,
        validators=[MaxValueValidator(1000)],
        help_text=_("How many messages stand below it: 0 is at the very end."),
    )
    depth_prompt_role = models.CharField(
        _("told as"),
        max_length=10,
        default="system",
        choices=[
            ("system", _("instructions")),
            ("user", _("the visitor")),
            ("assistant", _("the character")),
        ],
    )

    greeting = models.TextField(blank=True, help_text="The first words a visitor hears.")
    alternate_greetings = models.JSONField(
        "other greetings", default=list, blank=True, help_text="Other beginnings, for pages that ask for one."
    )
    examples = models.TextField(
        "example exchanges",
        blank=True,
        help_text="Three short ones work wonders. Each line begins with {{user}}: or {{char}}:. "
        "When the prompt gets too long, these go first.",
    )
    reply_sentences = models.PositiveSmallIntegerField(
        "longest reply",
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="In sentences. A spoken reply wants to be short.",
    )
    temperature = models.FloatField(
        default=0.4, validators=[MinValueValidator(0), MaxValueValidator(2)], help_text="0 is dry, 1 is wild."
    )

    speak_up_secs = models.PositiveSmallIntegerField(
        "speaks up",
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(600)],
        help_text="Seconds of silence after which it says something by itself, twice at most; empty: never.",
    )
    picks_up = models.BooleanField(
        _("picks up"),
        default=True,
        help_text=_(
            "Says a short line by itself to a visitor who comes back after more than a minute; "
            "otherwise it waits to be spoken to."
        ),
    )
    apology = models.TextField(
        "when nothing comes",
        blank=True,
        max_length=300,
        help_text="What it says when nothing answers, recorded beforehand; empty for the house's words.",
    )
    language = models.CharField(
        max_length=10, default="en", choices=LANGUAGES, help_text="Which language do the two of you speak?"
    )
    voice = models.CharField(
        max_length=80, blank=True, help_text="The provider's name of the voice; empty for its usual one."
    )
    voice_pitch = models.FloatField(
        "pitch",
        default=0,
        validators=[MinValueValidator(-12), MaxValueValidator(12)],
        help_text="In semitones: -4 is a deep voice, +4 a light one.",
    )
    voice_speed = models.FloatField(
        "speed",
        default=1,
        validators=[MinValueValidator(0.5), MaxValueValidator(2)],
        help_text="1 is natural, 0.9 takes its time.",
    )
    stt_provider = models.CharField(
        "who listens", max_length=200, blank=True, help_text="Speech-to-text; empty for the house's own."
    )
    stt_model = models.CharField("its model", max_length=120, blank=True)
    llm_provider = models.CharField(
        "who thinks", max_length=200, blank=True, help_text="Language model; empty for the house's own."
    )
    llm_model = models.CharField("its model", max_length=120, blank=True)
    tts_provider = models.CharField(
        "who speaks", max_length=200, blank=True, help_text="Text-to-speech; empty for the house's own."
    )
    tts_model = models.CharField("its model", max_length=120, blank=True)

    lore_scan_depth = models.PositiveSmallIntegerField(
        "how far back",
        null=True,
        blank=True,
        help_text="How many messages are searched; empty for 6.",
    )
    lore_token_budget = models.PositiveIntegerField(
        "room for lore", null=True, blank=True, help_text="In tokens, on one turn; empty for 400."
    )
    lore_recursive = models.BooleanField(
        "entries call entries", null=True, blank=True, help_text="May one entry's words call for another?"
    )
    # What the character's card holds besides: JSON as text, because jsonb refuses some of what cards have.
    card = models.TextField(default="{}", editable=False)

    published = models.ForeignKey(
        "characters.CharacterVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    digest = models.CharField(max_length=64, editable=False, default="")  # of the draft's content
    binned_at = models.DateTimeField(
        null=True, editable=False
    )  # in the bin since, see characters.versions.bin
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        permissions: ClassVar = [("publish_character", "Can put characters on stage and take them off")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves it; another address than before is noted, and who refers to the old one is told."""
        with transaction.atomic():
            before = Character.objects.filter(pk=self.pk).values_list("slug", flat=True).first()
            super().save(*args, **kwargs)
            if before and before != self.slug:
                FormerAddress.objects.filter(slug=self.slug, character=self).delete()
                FormerAddress.objects.create(slug=before, character=self)
                character_moved.send(Character, old=before, new=self.slug)
