"""A private S3-compatible bucket for uploaded files, with addresses and errors like those of a folder.

Portraits are fetched through `characters.pages.views.portrait`, whose address is the same wherever they
lie: pages need no other origin, and no link expires.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage


@contextmanager
def _as_os_errors(bucket: str) -> Iterator[None]:
    """What goes wrong with files is an OSError, wherever they lie."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError(f"the bucket {bucket!r} does not answer as it should: {error}") from error


class BucketStorage(S3Storage):
    """The bucket, read whole: portraits have 20 KB, recordings some hundred."""

    bucket_name: str

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        return settings.MEDIA_URL + (filepath_to_uri(name) or "")

    def exists(self, name: str) -> bool:
        with _as_os_errors(self.bucket_name):
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with _as_os_errors(self.bucket_name):
            super().delete(name)

    def _open(self, name: str, mode: str = "rb") -> File:
        with _as_os_errors(self.bucket_name), super()._open(name, mode) as file:
            return ContentFile(file.read(), name)

    def _save(self, name: str, content: File) -> str:
        with _as_os_errors(self.bucket_name):
            return str(super()._save(name, content))
