"""Portraits: what is accepted, how they are scaled, where they lie, and the field that keeps them."""

from characters.portraits.pictures import MEDIA_TYPES, opened, portrait_path, square, validate_portrait
from characters.portraits.portrait_field import PortraitField

__all__ = ["MEDIA_TYPES", "PortraitField", "opened", "portrait_path", "square", "validate_portrait"]
