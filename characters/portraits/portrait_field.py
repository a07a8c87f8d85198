"""Portrait field: only three decoders look at a file, and only once its size is known.

Django's own field for pictures lets every decoder that Pillow has try an upload first.
"""

from typing import Any

from django import forms
from django.db import models
from django.db.models.fields.files import ImageFieldFile

from characters.portraits.addresses import url_of
from characters.portraits.pictures import MEDIA_TYPES, validate_portrait


class PortraitUpload(forms.FileField):
    """In a form. Raises ValidationError as `validate_portrait`."""

    def to_python(self, data: Any) -> Any:
        file = super().to_python(data)
        if file is not None:
            validate_portrait(file)
        return file

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": ",".join(MEDIA_TYPES)}


class PortraitFile(ImageFieldFile):
    """A row's portrait, at the address where it is shown."""

    @property
    def url(self) -> str:
        return url_of(self.name) if self.name else super().url


class PortraitField(models.ImageField):
    """In a model: in the database and in migrations Django's own."""

    attr_class = PortraitFile

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PortraitUpload, **kwargs})

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.ImageField", args, kwargs
