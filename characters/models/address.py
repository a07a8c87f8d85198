"""Former addresses: where a character was to be found before; links and sessions still find it by them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FormerAddress(models.Model):
    """An address that a character had. Nobody else gets it while the character is there."""

    slug = models.SlugField(_("address"), unique=True)
    character = models.ForeignKey(
        "characters.Character", on_delete=models.CASCADE, related_name="former_addresses"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug
