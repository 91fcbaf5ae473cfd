"""Concepts: what an emoji means, in the words of Unicode's CLDR, and how icon names find their concept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from embedded.packages import ARTISTS, CATEGORIES, NAMES, read

LEFT_OUT = ("Flags", "Component")
UNSEEN_SHARE = 0.1
# Words that tell close relatives apart: a woman mage must not be trained on when a man mage is held out.
RELATIVE_WORDS = re.compile(
    r"\b(wo)?m[ae]n\b|\bpe(rson|ople)\b|\b(boy|girl|face|and|with|button|hands?)\b"
    r"|\b(red|orange|yellow|green|blue|purple|brown|black|white|grey|pink|light|dark|large|medium|small)\b"
    r"|[^a-z0-9]+"
)
CLOCK = re.compile(r"^(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(-thirty| o.clock)$")


@dataclass(frozen=True)
class Concept:
    """One meaning: code points as hex joined by hyphens, CLDR name and keywords, place in Unicode's order."""

    code: str
    name: str
    keywords: tuple[str, ...]
    category: str
    subcategory: str

    @property
    def family(self) -> str:
        """Concepts that differ in gender, colour or the hour shown share a family, and so a side of a split."""
        name = self.name.lower()
        if CLOCK.match(name):
            return "clock"
        return " ".join(RELATIVE_WORDS.sub(" ", name).split()) or "person"

    @property
    def unseen(self) -> bool:
        """Whether the concept is held out from training altogether."""
        return unit("unseen", self.family) < UNSEEN_SHARE


def unit(*parts: str) -> float:
    """A number in [0, 1) that depends on nothing but the words given."""
    digest = blake2b("/".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def read_concepts(cache: Path) -> dict[str, Concept]:
    """All concepts with a CLDR name, but for flags and skin tones; in Unicode's order."""
    annotations = read(cache, NAMES, "annotations/en/annotations.json")["annotations"]["annotations"]
    words = {_code(map(ord, text)): entry for text, entry in annotations.items()}
    concepts = {}
    for emoji in sorted(read(cache, CATEGORIES, "emoji.json"), key=lambda emoji: emoji["sort_order"]):
        code = _unified(emoji)
        if code in words and emoji["category"] not in LEFT_OUT:
            concepts[code] = _concept(code, words[code], emoji)
    return concepts


def _code(points: Iterable[int]) -> str:
    return "-".join(f"{point:x}" for point in points if point != 0xFE0F)


def _unified(emoji: Mapping[str, Any]) -> str:
    return _code(int(point, 16) for point in emoji["unified"].split("-"))


def _concept(code: str, words: Mapping[str, Any], emoji: Mapping[str, Any]) -> Concept:
    name = _plain(words["tts"][0])
    known = set(re.findall(r"\w+", name.lower()))
    keywords = (_plain(word) for word in words["default"])
    fresh = tuple(word for word in keywords if not set(re.findall(r"\w+", word.lower())) <= known)
    return Concept(code, name, fresh, emoji["category"], emoji["subcategory"])


def _plain(text: str) -> str:
    return text.translate(str.maketrans("’‘“”", "''\"\"")).strip()


def icon_names(cache: Path, concepts: Mapping[str, Concept]) -> dict[str, str]:
    """Squashed icon name -> code, for names that mean one concept only; CLDR's own names come first."""
    found = {squash(concept.name): code for code, concept in concepts.items()}
    others: dict[str, set[str]] = defaultdict(set)
    for emoji in read(cache, CATEGORIES, "emoji.json"):
        for name in (emoji["name"] or "", *emoji["short_names"]):
            others[squash(name)].add(_unified(emoji))
    for artist in ARTISTS:
        for points, name in read(cache, artist.package, "chars.json").items():
            others[squash(name)].add(points.replace("-fe0f", ""))
    for name, codes in others.items():
        if len(codes) == 1 and codes <= concepts.keys():
            found.setdefault(name, *codes)
    return found


def squash(name: str) -> str:
    """Lower-case letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("&", "and").replace("!", "exclamation"))


def meaning(icon: str, names: Mapping[str, str]) -> str | None:
    """The code that an icon name stands for; a number at its end may count drawings: ``cactus-2``."""
    return names.get(squash(icon)) or names.get(squash(re.sub(r"-\d+$", "", icon)))
