"""The page of a data source: what it holds, and some of its pairs to look at. From plain data alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from study.io.sizes import size
from study.report.html import html

MEASURES = {
    "score": "Score",
    "caption_words": "Words of a caption",
    "caption_characters": "Characters of a caption",
    "image_width": "Width of an image, pixels",
    "image_height": "Height of an image, pixels",
    "image_aspect": "Longer over shorter side",
    "image_bytes": "Bytes of an image",
}
WIDTH, HEIGHT = 320, 84  # of a drawing


class Bar(NamedTuple):
    """A bar of a histogram, in the units of its drawing."""

    x: float
    y: float
    width: float
    height: float


def data_page(found: Mapping[str, Any], drawn: Mapping[str, Any], examples: Mapping[str, Sequence[Any]]) -> str:
    """The page of what ``study data inspect`` found, with histograms and examples by title."""
    drawings = [_drawing(title, found[name], drawn[name]) for name, title in MEASURES.items() if drawn.get(name)]
    drawings += list(_without_score(found))
    context = {
        "title": f"What {found['source']} holds", "description": _described(found), "eyebrow": "Data",
        "study": found["source"], "tiles": list(_tiles(found)), "found": found, "examples": examples,
        "left_out": sorted(found["left_out"].items(), key=lambda item: -item[1]), "number": number,
        "drawings": sorted(drawings, key=lambda drawing: not drawing["bars"]),
        "width": WIDTH, "height": HEIGHT,
    }  # fmt: skip
    return html("data.html.j2", context)


def number(value: float | None) -> str:
    """A number as people read it."""
    if value is None:
        return "unknown"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:.3g}"


def _described(found: Mapping[str, Any]) -> str:
    part = found["described"]
    of = "all pairs" if part == found["pool"] else f"{part:,} pairs taken at random"
    return f"Pool {found['fingerprint']}. Captions and sizes are of {of}."


def _tiles(found: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    out, tried, taken = sum(found["left_out"].values()), found["tried"], found["bytes"]
    yield {"name": "Pairs in the pool", "value": f"{found['pool']:,}", "note": f"{out:,} left out"}
    yield {
        "name": "Size",
        "value": "unknown" if taken is None else size(taken),
        "note": "of all files",
    }
    if tried is None:
        yield {"name": "Unreadable images", "value": "unknown", "note": "the images are not here"}
    else:
        note = f"{tried['unreadable']} of {tried['images']} tried at random"
        yield {"name": "Unreadable images", "value": f"{tried['share']:.1%}", "note": note}
    repeats = found["repeated_captions"]
    yield {
        "name": "Repeated captions",
        "value": f"{repeats / max(1, found['described']):.1%}",
        "note": f"{repeats:,} of {found['described']:,}",
    }


def _without_score(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if found["without_score"]:
        told = f"{found['without_score']:,} of {found['described']:,} pairs have none"
        yield {"title": "No score", "bars": [], "told": told}


def _drawing(title: str, spread: Mapping[str, float], counted: Mapping[str, Any]) -> dict[str, Any]:
    if spread["min"] == spread["max"]:
        return {"title": title, "bars": [], "told": f"all {number(spread['min'])}"}
    counts = counted["counts"]
    step, most = WIDTH / len(counts), max(1, *counts)
    bars = [
        Bar(round(place * step, 2), round(HEIGHT * (1 - count / most), 2), round(0.88 * step, 2), HEIGHT * count / most)
        for place, count in enumerate(counts)
    ]
    low, middle, high = (number(spread[name]) for name in ("p10", "median", "p90"))
    told = f"median {middle}, one in ten below {low}, one above {high}"
    beyond = f"; {counted['beyond']:,} lie beyond" if counted["beyond"] else ""
    return {"title": title, "bars": bars, "first": counted["first"], "last": counted["last"], "told": told + beyond}
