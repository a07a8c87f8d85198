"""Portraits: what is accepted, how they are scaled, where they lie, and the field that keeps them."""

from characters.portraits.addresses import path_of, url_of
from characters.portraits.pictures import MEDIA_TYPES, opened, portrait_path, square, validate_portrait
from characters.portraits.portrait_field import PortraitField

__all__ = [
    "MEDIA_TYPES",
    "PortraitField",
    "opened",
    "path_of",
    "portrait_path",
    "square",
    "url_of",
    "validate_portrait",
]
