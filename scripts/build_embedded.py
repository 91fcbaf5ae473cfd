"""Rebuild the embedded data from the npm packages it is drawn from: the same packages give the same bytes.

    pip install -e '.[data]'
    python scripts/build_embedded.py --cache /tmp/packages

Needs ``npm`` for the download. Scores already earned by the pairs are kept where the uid is still there.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import polars as pl
from embedded.concepts import icon_names, read_concepts
from embedded.drawings import draw
from embedded.packages import ARTISTS, CATEGORIES, NAMES, fetch
from embedded.pairs import make_pairs
from embedded.vocabulary import train

from study.io import write_bytes, write_json, write_parquet

OUT = Path(__file__).parent.parent / "study" / "data" / "embedded"


def build(cache: Path, out: Path) -> None:
    """Fetch, draw, split and write the parquet, the vocabulary and what they were made from."""
    fetch(cache)
    concepts = read_concepts(cache)
    names = icon_names(cache, concepts)
    drawings = [drawing for artist in ARTISTS for drawing in draw(cache, artist, names)]
    pairs, near_copies = make_pairs(drawings, concepts)
    trained = pairs.filter(pl.col("split") == "train")
    write_bytes(out / "vocabulary.txt.gz", train(trained["caption"]))
    write_parquet(out / "pairs.parquet", with_known_scores(pairs, out / "pairs.parquet"))
    write_json(
        out / "provenance.json",
        {
            "packages": [NAMES, CATEGORIES, *(artist.package for artist in ARTISTS)],
            "made_with": {name: version(name) for name in ("resvg_py", "pillow", "polars")},
            "pairs": dict(sorted(pairs.group_by("split").len().iter_rows())),
            "near_copies_left_out": dict(near_copies),
        },
    )


def with_known_scores(pairs: pl.DataFrame, earlier: Path) -> pl.DataFrame:
    """The pairs with the scores that an earlier file holds for the same uids."""
    if not earlier.exists():
        return pairs
    known = pl.read_parquet(earlier, columns=["uid", "score"])
    return pairs.drop("score").join(known, on="uid", how="left", maintain_order="left").select(pairs.columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the downloaded packages")
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write to")
    arguments = parser.parse_args()
    build(arguments.cache, arguments.out)
