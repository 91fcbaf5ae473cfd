"""Captions: clean ones from CLDR's words, and the web-like noise that makes quality an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from embedded.concepts import Concept, unit

T = TypeVar("T")

# {name} alone where the concept has too few keywords for the form.
FORMS = (
    "{name}",
    "{name}, {a}",
    "{name}, {a}, {b}",
    "{a} {name}",
    "an icon of {name}",
    "{name} icon, {a} and {b}",
    "a drawing of {name}, {a}",
    "{name} emoji",
    "{name}: {a}, {b}, {c}",
    "{a}, {b}: {name}",
)
EVALUATION_FORM = "{name}, {a}, {b}"

# Share of the training pool that each kind of noise takes; the rest is clean.
NOISE = {"mismatched": 0.1, "unrelated": 0.06, "filename": 0.07, "boilerplate": 0.07}
FILE_NAMES = (
    "IMG_{n:04d}.png", "icon{n}.svg", "u{n:04x}_128px.webp", "asset-{n}-final-v2.png", "download ({n}).png",
    "Screenshot {n}.png", "untitled-{n}.ai", "thumb_{n}x{n}.jpg",
)  # fmt: skip
BOILERPLATE = (
    "icon image 512px", "free download png", "click to enlarge", "image not available", "vector icon set",
    "transparent background clipart", "share on social media", "logo", "stock illustration royalty free",
    "emoji sticker for your website", "high resolution picture", "back to home page", "photo gallery image {n}",
    "page {n} of {n}", "buy now, only ${n}", "png svg eps free vector",
)  # fmt: skip


def clean_caption(concept: Concept, key: str) -> str:
    """A caption that fits; ``key`` decides its form and which keywords it uses."""
    return _fill(pick(FORMS, key, "form"), concept, key)


def evaluation_caption(concept: Concept) -> str:
    """The one caption of a concept in an evaluation set: its name and up to two keywords."""
    return _fill(EVALUATION_FORM, concept, concept.code)


def _fill(form: str, concept: Concept, key: str) -> str:
    words = sorted(concept.keywords, key=lambda word: unit(key, word))[:3]
    if "{c}" in form and len(words) < 3:
        form = "{name}, {a}, {b}"
    if "{b}" in form and len(words) < 2:
        form = "{name}, {a}"
    if "{a}" in form and not words:
        form = "{name}"
    return form.format(name=concept.name, **dict(zip("abc", words, strict=False)))


def noise_kind(key: str) -> str:
    """Which kind of noise the training pair gets, or ``none``."""
    left = unit(key, "noise")
    for kind, share in NOISE.items():
        if left < share:
            return kind
        left -= share
    return "none"


def noisy_caption(kind: str, concept: Concept, trained: Sequence[Concept], key: str) -> str:
    """What a careless page would say; words of held-out concepts are never used."""
    number = int(unit(key, "number") * 2000)
    if kind == "filename":
        return pick(FILE_NAMES, key, kind).format(n=number)
    if kind == "boilerplate":
        return pick(BOILERPLATE, key, kind).format(n=number)
    return clean_caption(pick(_others(kind, concept, trained), key, kind), key)


def _others(kind: str, concept: Concept, trained: Sequence[Concept]) -> list[Concept]:
    if kind == "unrelated":
        return [other for other in trained if other.category != concept.category]
    strangers = [other for other in trained if other.family != concept.family]
    near = [other for other in strangers if other.subcategory == concept.subcategory]
    return near or [other for other in strangers if other.category == concept.category]


def pick(choices: Sequence[T], *key: str) -> T:
    """One of the choices, always the same for the same key."""
    return choices[int(unit(*key) * len(choices))]
