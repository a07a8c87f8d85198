"""Portraits' addresses: our own view's, wherever a project has mounted it; without it, the storage's."""

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import NoReverseMatch, reverse

FOLDER = "portraits/"


def url_of(path: str) -> str:
    """The address of a portrait that lies at `path`, '' for none."""
    if not path:
        return ""
    if not hasattr(settings, "ROOT_URLCONF"):  # a process without pages
        return default_storage.url(path)
    try:
        return reverse("portrait", args=[path.removeprefix(FOLDER)])
    except NoReverseMatch:
        return default_storage.url(path)


def path_of(url: str) -> str:
    """Where the portrait of an address lies, '' for none."""
    return FOLDER + url.rpartition("/")[2] if url else ""
