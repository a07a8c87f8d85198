"""Servers of tools that speak MCP, the Model Context Protocol, over HTTP, as operators set them up."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from voicebot.models.sealed_headers import SealedHeader, valid_address

MOST_FIXED = 4_000  # characters of JSON


def valid_fixed(value: Any) -> None:
    """Raises ValidationError for what are no arguments by tool."""
    if (
        not isinstance(value, Mapping)
        or not all(isinstance(each, Mapping) for each in value.values())
        or len(str(value)) > MOST_FIXED
    ):
        raise ValidationError(
            _('This is a JSON object of objects, such as {"search": {"tenant": "harbour"}}.')
        )


class ToolServer(models.Model):
    """A server whose tools writers may give to characters. Those that are started here are not in here."""

    class Transport(models.TextChoices):
        HTTP = "http", gettext_lazy("streamable HTTP")
        SSE = "sse", gettext_lazy("server-sent events (before 2025)")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(
        gettext_lazy("name"),
        max_length=40,
        unique=True,
        help_text=gettext_lazy("What writers find its tools by."),
    )
    transport = models.CharField(
        gettext_lazy("transport"), max_length=4, choices=Transport.choices, default=Transport.HTTP
    )
    url = models.CharField(
        gettext_lazy("address"),
        max_length=500,
        validators=[valid_address],
        help_text=gettext_lazy("Such as https://tools.example/mcp."),
    )
    headers = models.ManyToManyField(
        SealedHeader,
        blank=True,
        verbose_name=gettext_lazy("sealed headers"),
        help_text=gettext_lazy("That go with each request; of this server alone."),
    )
    only = models.TextField(
        gettext_lazy("only these tools"),
        blank=True,
        max_length=4000,
        help_text=gettext_lazy("Names, one a line. Empty: all that the server lists."),
    )
    fixed = models.JSONField(
        gettext_lazy("fixed arguments"),
        default=dict,
        blank=True,
        validators=[valid_fixed],
        help_text=gettext_lazy(
            "Given with every call, whatever a model says, and shown to nobody else, as JSON by tool: "
            '{"search": {"tenant": "harbour"}}.'
        ),
    )
    enabled = models.BooleanField(gettext_lazy("in use"), default=True)
    updated_at = models.DateTimeField(gettext_lazy("last changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = gettext_lazy("server of tools")
        verbose_name_plural = gettext_lazy("servers of tools")

    def __str__(self) -> str:
        return self.name
