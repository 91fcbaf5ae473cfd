"""Pairs: every drawing gets a split, captions, perhaps noise, and an id made from its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import numpy as np
import polars as pl

from embedded.captions import clean_caption, evaluation_caption, noise_kind, noisy_caption
from embedded.concepts import Concept
from embedded.drawings import Drawing
from embedded.packages import UNSEEN_ARTIST

NEAR_COPY = 0.97  # correlation of pixels
SCHEMA = {
    "uid": pl.String, "image": pl.Binary, "caption": pl.String, "clean_caption": pl.String, "artist": pl.String,
    "licence": pl.String, "concept": pl.String, "family": pl.String, "name": pl.String, "category": pl.String,
    "subcategory": pl.String, "split": pl.String, "noise": pl.String, "score": pl.Float32,
}  # fmt: skip


def split_of(drawing: Drawing, concept: Concept) -> str | None:
    """The split by artist and concept; none for other artists' drawings of held-out concepts."""
    if concept.unseen:
        return "unseen" if drawing.artist.name == UNSEEN_ARTIST else None
    return drawing.artist.role


def make_pairs(drawings: Iterable[Drawing], concepts: Mapping[str, Concept]) -> tuple[pl.DataFrame, Counter[str]]:
    """All pairs sorted by uid, and how many evaluation drawings were left out as near copies, by split."""
    splits: dict[str, list[Drawing]] = {"train": [], "validation": [], "test": [], "unseen": []}
    for drawing in drawings:
        split = split_of(drawing, concepts[drawing.code])
        if split is not None:
            splits[split].append(drawing)
    dropped: Counter[str] = Counter()
    for split in ("validation", "test", "unseen"):
        kept = _distinct(splits[split], splits["train"])
        dropped[split] = len(splits[split]) - len(kept)
        splits[split] = kept
    rows = [_row(drawing, split, concepts) for split, members in splits.items() for drawing in members]
    return pl.DataFrame(rows, SCHEMA, orient="row").sort("uid"), dropped


def _distinct(evaluated: Sequence[Drawing], trained: Sequence[Drawing]) -> list[Drawing]:
    """One drawing a concept, none that is nearly a training image."""
    first = list({drawing.code: drawing for drawing in reversed(evaluated)}.values())[::-1]
    nearest = (_patterns(first) @ _patterns(trained).T).max(axis=1)
    return [drawing for drawing, likeness in zip(first, nearest, strict=True) if likeness <= NEAR_COPY]


def _patterns(drawings: Sequence[Drawing]) -> np.ndarray:
    """Pixels with mean 0 and length 1, so that a product is a correlation: (n, 48 * 48 * 3)."""
    pixels = np.stack([drawing.pixels for drawing in drawings]).reshape(len(drawings), -1).astype(np.float32)
    pixels -= pixels.mean(axis=1, keepdims=True)
    return np.asarray(pixels / np.linalg.norm(pixels, axis=1, keepdims=True).clip(1e-6))


def _row(drawing: Drawing, split: str, concepts: Mapping[str, Concept]) -> tuple[object, ...]:
    concept = concepts[drawing.code]
    key = f"{drawing.artist.name}/{drawing.icon}"
    clean = clean_caption(concept, key) if split == "train" else evaluation_caption(concept)
    noise = noise_kind(key) if split == "train" else "none"
    caption = clean
    if noise != "none":
        trained = [other for other in concepts.values() if not other.unseen]
        caption = noisy_caption(noise, concept, trained, key)
    artist = drawing.artist
    content = b"\0".join([artist.name.encode(), concept.code.encode(), drawing.image, caption.encode()])
    return (
        blake2b(content, digest_size=16).hexdigest(), drawing.image, caption, clean, artist.name, artist.licence,
        concept.code, concept.family, concept.name, concept.category, concept.subcategory, split, noise, None,
    )  # fmt: skip
