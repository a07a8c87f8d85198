"""Sealed headers: what a server wants to be sent so that it lets somebody in."""

import uuid
from typing import ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.crypto import SealedRow

HEADER_TABLE, VALUE_FIELD = "sealed_header", "value"
# RFC 9110, section 5.6.2. Left out: what says who is asked, how long the body is, and what ours are.
OURS = r"(host|content-.*|transfer-encoding|connection|mcp-.*|accept.*)"
HEADER_NAME = rf"(?i)\A(?!{OURS}\Z)[a-z0-9!#$%&'*+.^_`|~-]{{1,100}}\Z"
PORTS = {"https": 443, "http": 80}


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as they are compared: `https://hook.example:443`; '' for none."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return ""
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        return ""
    host = (
        parts.hostname.encode("idna", "replace").decode() if not parts.hostname.isascii() else parts.hostname
    )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def valid_address(value: str) -> None:
    """Raises ValidationError for what is no address that a header may go to."""
    if not origin_of(value):
        raise ValidationError(_("This is no address, such as https://hook.example."))


class SealedHeader(SealedRow):
    """A header of requests that tools make. Its value is sealed under the key ring, and never shown.

    It goes to one origin alone (`origin`): after that has changed, by whatever hand, it opens no more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(
        gettext_lazy("name"), unique=True, help_text=gettext_lazy("What tools call it by.")
    )
    address = models.CharField(
        gettext_lazy("goes to"),
        max_length=300,
        validators=[valid_address],
        help_text=gettext_lazy("The server that gets it, such as https://hook.example. No other one does."),
    )
    header = models.CharField(
        gettext_lazy("header"),
        max_length=100,
        default="Authorization",
        validators=[RegexValidator(HEADER_NAME, gettext_lazy("This is no header of yours to set."))],
    )
    sealed_value = models.BinaryField(null=True, editable=False)
    updated_at = models.DateTimeField(gettext_lazy("last changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = gettext_lazy("sealed header")
        verbose_name_plural = gettext_lazy("sealed headers")

    def __str__(self) -> str:
        return self.name

    @property
    def origin(self) -> str:
        return origin_of(self.address)

    @property
    def bound(self) -> str:
        """Where its value belongs: to this server, under this name."""
        return f"{self.origin} {self.header.lower()}"

    def seal(self, value: str) -> None:
        """Keeps this value and no other, for where it goes now."""
        self.sealed_value = self.new_sealer().seal(HEADER_TABLE, VALUE_FIELD, 0, value, self.bound)

    def value(self) -> str:
        """The value in the clear. Raises RecordUnreadable."""
        opened: str = self.sealer().open(
            HEADER_TABLE, VALUE_FIELD, 0, bytes(self.sealed_value or b""), self.bound
        )
        return opened

    def goes_to(self, url: str) -> bool:
        return bool(self.origin) and origin_of(url) == self.origin
