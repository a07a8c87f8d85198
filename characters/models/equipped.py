"""What a character can do: its tools, kept as JSON in the draft."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from characters.tools import valid_tools


class Equipped(models.Model):
    """The tools of a character, see `characters.tools`; the desk has a page of its own for them."""

    tools = models.JSONField(_("tools"), default=list, blank=True, editable=False, validators=[valid_tools])

    class Meta:
        abstract = True
