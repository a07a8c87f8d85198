"""Documents of characters: what a writer gave them to know, in pieces that are found at a turn by meaning."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from characters.text import Reason


class Document(models.Model):
    """One file, known by the SHA-256 of its bytes: the same file given to several characters is one row.

    `original` is there until it has been read. Whoever holds the lease (`lease_by`, while `lease_until` is to
    come) reads it and makes its vectors; nobody else does.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        EMBEDDING = "embedding", _("being read")
        READY = "ready", _("ready")
        FAILED = "failed", _("cannot be used")

    sha256 = models.CharField(max_length=64, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200)
    file_name = models.CharField(_("file"), max_length=200)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    size = models.PositiveIntegerField(_("size"))
    original = models.BinaryField(null=True, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    trouble = models.JSONField(null=True, blank=True)  # why it failed: a template and its values
    piece_count = models.PositiveIntegerField(_("pieces"), default=0)
    embedded_count = models.PositiveIntegerField(default=0)
    lease_by = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    characters = models.ManyToManyField("characters.Character", related_name="documents")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        default_permissions: ClassVar = ()  # those of its characters hold
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    def __str__(self) -> str:
        return self.title

    @property
    def sentence(self) -> str:
        """Why it cannot be used, in the reader's language; '' if it can."""
        if not self.trouble:
            return ""
        template, values = self.trouble
        return str(Reason(template, values))

    @property
    def percent(self) -> int:
        """How much of it is ready to be found."""
        return 100 * self.embedded_count // self.piece_count if self.piece_count else 0


class DocumentPiece(models.Model):
    """What of a document is found and quoted as one. `vector` has a signed byte for each dimension."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="pieces")
    order = models.PositiveIntegerField()
    heading = models.CharField(max_length=500, blank=True)
    text = models.TextField()
    vector = models.BinaryField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["order"]
        default_permissions: ClassVar = ()
        verbose_name = _("piece of a document")
        verbose_name_plural = _("pieces of documents")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "order"], name="one_piece_at_a_place")
        ]

    def __str__(self) -> str:
        return self.heading or str(self.order)
