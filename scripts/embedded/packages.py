"""The npm packages that the embedded data is made from, each pinned, fetched once into a cache folder."""

from __future__ import annotations

import json
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = "cldr-annotations-full@48.2.0"
CATEGORIES = "emoji-datasource@16.0.0"


@dataclass(frozen=True)
class Artist:
    """One set of drawings: the package that holds it, its licence and the part it plays."""

    name: str
    package: str
    licence: str
    role: str


# The two renderings of Fluent are one design, and so are both on the training side.
ARTISTS = (
    Artist("noto", "@iconify-json/noto@1.2.9", "Apache-2.0", "train"),
    Artist("noto-v1", "@iconify-json/noto-v1@1.2.5", "Apache-2.0", "train"),
    Artist("twemoji", "@iconify-json/twemoji@1.2.5", "CC-BY-4.0", "train"),
    Artist("fluent-emoji", "@iconify-json/fluent-emoji@1.2.7", "MIT", "train"),
    Artist("fluent-emoji-flat", "@iconify-json/fluent-emoji-flat@1.2.6", "MIT", "train"),
    Artist("streamline", "@iconify-json/streamline-emojis@1.2.4", "CC-BY-4.0", "train"),
    Artist("fxemoji", "@iconify-json/fxemoji@1.2.2", "Apache-2.0", "validation"),
    Artist("emojitwo", "@iconify-json/emojione@1.2.3", "CC-BY-4.0", "test"),
)
UNSEEN_ARTIST = "noto"  # draws every concept, in a style that training knows


def fetch(cache: Path) -> None:
    """Download what is missing; npm checks each archive against the registry's own hash."""
    cache.mkdir(parents=True, exist_ok=True)
    for package in (NAMES, CATEGORIES, *(artist.package for artist in ARTISTS)):
        if not _archive(cache, package).exists():
            command = ["npm", "pack", "--silent", package, "--pack-destination", str(cache)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _archive(cache: Path, package: str) -> Path:
    name, version = package.removeprefix("@").replace("/", "-").rsplit("@", 1)
    return cache / f"{name}-{version}.tgz"


def read(cache: Path, package: str, member: str) -> Any:
    """A JSON file out of a fetched package."""
    with tarfile.open(_archive(cache, package)) as archive:
        file = archive.extractfile(f"package/{member}")
        if file is None:
            raise FileNotFoundError(f"{package} has no {member}")
        return json.load(file)
