"""Pools that can be planned with, but whose images are not here."""

from __future__ import annotations

from study.data.source import Source
from study.errors import DataError


def with_images(source: Source) -> Source:
    """The same source; raises DataError for one without images, before who needs them does anything."""
    if source.has_images():
        return source
    name, places = source.config.name, type(source).places
    option = next(option for option in ("shards", "path", *sorted(places)) if option in places)
    raise DataError(f"the {name} source has no images here: give {option}, such as --set {option}=PLACE")
