"""Who hears, thinks and speaks for a character: a provider and a model for each, or one for all three."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Cast(models.Model):
    """These fields of a character."""

    stt_provider = models.CharField(
        _("who listens"),
        max_length=200,
        blank=True,
        help_text=_("Speech-to-text; empty for the house's own."),
    )
    stt_model = models.CharField(_("its model"), max_length=120, blank=True)
    llm_provider = models.CharField(
        _("who thinks"), max_length=200, blank=True, help_text=_("Language model; empty for the house's own.")
    )
    llm_model = models.CharField(_("its model"), max_length=120, blank=True)
    tts_provider = models.CharField(
        _("who speaks"), max_length=200, blank=True, help_text=_("Text-to-speech; empty for the house's own.")
    )
    tts_model = models.CharField(_("its model"), max_length=120, blank=True)
    speech_to_speech_provider = models.CharField(
        _("who does all three"),
        max_length=200,
        blank=True,
        help_text=_("Speech to speech, in place of the three stages; empty for these."),
    )
    speech_to_speech_model = models.CharField(_("its model"), max_length=120, blank=True)

    class Meta:
        abstract = True
