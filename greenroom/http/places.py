"""Places: the addresses below which pages, API and desk are, wherever a project has mounted them."""

from django.urls import reverse


def home() -> str:
    """Of the gallery and everything of ours but the desk: `/` in our own project."""
    return reverse("gallery")


def desk() -> str:
    """Of the admin."""
    return reverse("admin:index")


def api() -> str:
    """Of the JSON API."""
    return reverse("start").removesuffix("start")
