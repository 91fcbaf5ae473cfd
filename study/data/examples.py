"""Some pairs of a source to look at, and how many of a random part can be decoded."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

import polars as pl
from PIL import Image

from study.data.pixels import image_or_reason
from study.data.samples import Samples
from study.data.source import Source

TRIED = 512  # images
TRIED_SIDE = 64  # pixels
SHOWN = 24  # examples of a kind
SHOWN_SIDE = 160  # pixels


@dataclass(frozen=True)
class Example:
    """A pair to show: the image as a data address, none where it cannot be read, and then why."""

    caption: str
    score: float | None
    image: str | None
    problem: str | None


def tried(source: Source, uids: pl.Series, seed: int) -> dict[str, Any]:
    """How many images of a random part could not be read, and why."""
    chosen = uids.sample(min(TRIED, len(uids)), seed=seed)
    samples = source.samples(chosen.to_list())
    samples.images(TRIED_SIDE)
    unreadable = sum(samples.skipped.values())
    share = round(unreadable / len(chosen), 4) if len(chosen) else 0.0
    return {"images": len(chosen), "unreadable": unreadable, "share": share, **samples.skipped}


def examples(source: Source, pairs: pl.DataFrame, seed: int) -> dict[str, list[Example]]:
    """Title -> pairs: some at random and, where there are scores, the best and the worst.

    ``pairs`` has ``uid`` and ``score``; images are the squares that a model is given.
    """
    scored = pairs.filter(pl.col("score").is_not_null()).sort("score", "uid", descending=[True, False])
    kinds = {"At random": pairs.sample(min(SHOWN, pairs.height), seed=seed)}
    if scored.height > SHOWN:
        kinds |= {"Best scores": scored.head(SHOWN), "Worst scores": scored.tail(SHOWN).reverse()}
    return {title: _shown(source, rows) for title, rows in kinds.items()}


def _shown(source: Source, rows: pl.DataFrame) -> list[Example]:
    samples = source.samples(rows["uid"].to_list())
    return [_example(samples, row, score) for row, score in enumerate(rows["score"])]


def _example(samples: Samples, row: int, score: float | None) -> Example:
    image, problem = image_or_reason(samples.read, row, SHOWN_SIDE)
    return Example(samples.captions[row], score, None if image is None else _address(image), problem or None)


def _address(pixels: Any) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
