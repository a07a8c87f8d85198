"""A character as its editors write it: the working copy, of which versions are published."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator, MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from characters.models.address import FormerAddress
from characters.models.casting import Cast
from characters.models.equipped import Equipped
from characters.models.remembering import Remembering
from characters.portraits import PortraitField, portrait_path, validate_portrait
from characters.signals import character_moved
from characters.text import unreadable

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


def readable_pronunciations(value: str) -> None:
    """Raises ValidationError for a line that is no entry."""
    if line := unreadable(value):
        raise ValidationError(
            _("“%(line)s” is no entry: write a word, = and how it is said."), params={"line": line[:60]}
        )


class Character(Cast, Remembering, Equipped):
    """The draft of a character, and which of its versions is published.

    Everything but the address is content, see `characters.content`. The voice side reads characters
    through `characters.catalog` only.
    """

    slug = models.SlugField(
        _("address"),
        unique=True,
        help_text=_("The last part of the page's address. After a change the old one leads here, too."),
    )
    name = models.CharField(_("name"), max_length=80)
    nickname = models.CharField(
        _("called"), max_length=80, blank=True, help_text=_("What {{char}} stands for, if not the name.")
    )
    tagline = models.CharField(
        _("tagline"), max_length=120, blank=True, help_text=_("One line under the name in the gallery.")
    )
    avatar = PortraitField(
        _("portrait"),
        upload_to=portrait_path,
        blank=True,
        validators=[FileExtensionValidator(["png", "jpg", "jpeg", "webp"]), validate_portrait],
        help_text=_("Square, PNG, JPEG or WebP, at most 5 MB."),
    )
    about = models.TextField(
        _("about"),
        blank=True,
        help_text=_(
            "What visitors read on the character's page, and other people who get its card. "
            "The character itself never hears of it."
        ),
    )
    tags = models.JSONField(
        _("tags"), default=list, blank=True, help_text=_("One a line. Visitors find by them.")
    )
    creator = models.CharField(_("creator"), max_length=200, blank=True, help_text=_("Who made this one up?"))
    creator_version = models.CharField(
        _("creator's version"),
        max_length=80,
        blank=True,
        help_text=_("The creator's own count, kept in its card."),
    )

    system_prompt = models.TextField(
        _("instructions"),
        blank=True,
        help_text=_(
            "What the language model is told first. One clear line is often best. "
            "{{char}} and {{user}} stand for the two names, {{original}} for our own first line."
        ),
    )
    description = models.TextField(
        _("description"), blank=True, help_text=_("Who is this? Age, looks, trade, past.")
    )
    personality = models.TextField(
        _("personality"), blank=True, help_text=_("How does this one speak, think and feel?")
    )
    scenario = models.TextField(
        _("scenario"), blank=True, help_text=_("Where are you two? What does this one want?")
    )
    post_history = models.TextField(
        _("last word"),
        blank=True,
        help_text=_(
            "Told to the model after everything that was said, on each turn. Few characters need it."
        ),
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

    greeting = models.TextField(_("greeting"), blank=True, help_text=_("The first words a visitor hears."))
    alternate_greetings = models.JSONField(
        _("other greetings"),
        default=list,
        blank=True,
        help_text=_("Other beginnings, for pages that ask for one."),
    )
    examples = models.TextField(
        _("example exchanges"),
        blank=True,
        help_text=_(
            "Three short ones work wonders. Each line begins with {{user}}: or {{char}}:. "
            "When the prompt gets too long, these go first."
        ),
    )
    reply_sentences = models.PositiveSmallIntegerField(
        _("longest reply"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("In sentences. A spoken reply wants to be short."),
    )
    temperature = models.FloatField(
        _("temperature"),
        default=0.4,
        validators=[MinValueValidator(0), MaxValueValidator(2)],
        help_text=_("0 is dry, 1 is wild."),
    )

    speak_up_secs = models.PositiveSmallIntegerField(
        _("speaks up"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(600)],
        help_text=_(
            "Seconds of silence after which it says something by itself, twice at most; empty: never."
        ),
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
        _("when nothing comes"),
        blank=True,
        max_length=300,
        help_text=_("What it says when nothing answers, recorded beforehand; empty for the house's words."),
    )
    openers = models.TextField(
        _("while it thinks"),
        blank=True,
        max_length=600,
        help_text=_(
            "Short first words, one a line, such as: Let me see. One of them is said when an answer takes "
            "longer than half a second; they are recorded beforehand. Empty: it is silent until it answers."
        ),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        default="en",
        choices=LANGUAGES,
        help_text=_("Which language do the two of you speak?"),
    )
    other_languages = models.JSONField(
        _("further languages"),
        default=list,
        blank=True,
        help_text=_("A visitor may speak these as well: it hears which one it is, and answers in it."),
    )
    language_voices = models.JSONField(
        _("voices in further languages"),
        default=dict,
        blank=True,
        help_text=_("One a line, such as zh: zf_xiaobei. Without a line: the voice above, or one like it."),
    )
    voice = models.CharField(
        _("voice"),
        max_length=80,
        blank=True,
        help_text=_("The provider's name of the voice; empty for its usual one."),
    )
    pronunciations = models.TextField(
        _("pronunciations"),
        blank=True,
        max_length=8000,
        validators=[readable_pronunciations],
        help_text=_(
            "One a line, for the voice alone: Siobhan = shi-VAWN, or in IPA Nguyen = /nwin/; "
            "for one language zh: 重庆 = 崇庆."
        ),
    )
    voice_pitch = models.FloatField(
        _("pitch"),
        default=0,
        validators=[MinValueValidator(-12), MaxValueValidator(12)],
        help_text=_("In semitones: -4 is a deep voice, +4 a light one."),
    )
    voice_speed = models.FloatField(
        _("speed"),
        default=1,
        validators=[MinValueValidator(0.5), MaxValueValidator(2)],
        help_text=_("1 is natural, 0.9 takes its time."),
    )
    lore_scan_depth = models.PositiveSmallIntegerField(
        _("how far back"),
        null=True,
        blank=True,
        help_text=_("How many messages are searched; empty for 6."),
    )
    lore_token_budget = models.PositiveIntegerField(
        _("room for lore"), null=True, blank=True, help_text=_("In tokens, on one turn; empty for 400.")
    )
    lore_recursive = models.BooleanField(
        _("entries call entries"),
        null=True,
        blank=True,
        help_text=_("May one entry's words call for another?"),
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
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = _("character")
        verbose_name_plural = _("characters")
        permissions: ClassVar = [
            ("publish_character", gettext_noop("Can put characters on stage and take them off"))
        ]

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
