"""Drawings: an artist's icons as 48-pixel WebP images on white."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import resvg_py
from PIL import Image

from embedded.concepts import meaning
from embedded.packages import Artist, read

SIDE = 48
QUALITY = 80


@dataclass(frozen=True)
class Drawing:
    """One image of one concept by one artist."""

    artist: Artist
    code: str
    icon: str
    image: bytes

    @property
    def pixels(self) -> np.ndarray:
        """The image as stored: uint8 (48, 48, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.image)).convert("RGB"))


def draw(cache: Path, artist: Artist, names: Mapping[str, str]) -> Iterator[Drawing]:
    """All drawings of an artist whose icon has one meaning, each picture once."""
    package = read(cache, artist.package, "icons.json")
    code_points = read(cache, artist.package, "chars.json")  # empty where names alone tell icons apart
    codes = {icon: points.replace("-fe0f", "") for points, icon in code_points.items()}
    seen = set()
    for icon in sorted({*package["icons"], *package.get("aliases", {})}):
        code = codes[icon] if codes.get(icon) in names.values() else meaning(icon, names)
        if code is None or package["icons"].get(icon, {}).get("hidden"):
            continue
        image = _webp(_svg(package, icon))
        if (code, image) not in seen:
            seen.add((code, image))
            yield Drawing(artist, code, icon, image)


def _svg(package: Mapping[str, Any], icon: str) -> str:
    """The icon as an SVG document of its own; an alias is its parent, perhaps mirrored."""
    alias = package.get("aliases", {}).get(icon, {"parent": icon})
    if not alias.keys() <= {"parent", "hFlip", "hidden"}:
        raise ValueError(f"{icon}: alias with {sorted(alias)}, which is not drawn")
    if alias["parent"] not in package["icons"]:
        return _svg(package, alias["parent"])
    found = package["icons"][alias["parent"]]
    width, height = (found.get(side, package.get(side, 16)) for side in ("width", "height"))
    body = found["body"]
    if alias.get("hFlip"):
        body = f'<g transform="translate({width} 0) scale(-1 1)">{body}</g>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{SIDE}" height="{SIDE}" viewBox="0 0 {width} {height}">{body}</svg>'
    )


def _webp(svg: str) -> bytes:
    png = resvg_py.svg_to_bytes(svg, background="#ffffff", skip_system_fonts=True)
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if image.size != (SIDE, SIDE):
        raise ValueError(f"drawn as {image.size}, not {SIDE} x {SIDE}")
    file = io.BytesIO()
    image.save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()
