"""Rebuild study/published: a study of results that others have published, and what their runs computed.

    python scripts/build_published.py published_runs.csv published_scores.csv
    python scripts/fit_published.py

The two tables keep all rows and values; published_study.py says which columns are added. A third one, ``phases.csv``,
says what those runs computed that state GPU-hours but neither samples nor multiply-adds: ``FACTS`` below, counted by
the project's own counter. The second command fits the laws that come with the study.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import polars as pl
import published_study

from study.imported.write import asked
from study.io import write_json, write_parquet, write_text
from study.measure.counts import CountsCache
from study.models import resolve
from study.records import PluginRef

OUT = Path(__file__).parents[1] / "study" / "published"
LAION400M = 32 * 407_332_084  # 32 epochs, as the run of the same name in arXiv:2212.07143 states its samples
CLIPA = "arXiv:2306.15658; 8 tokens at 70 and 84 px, 32 after; tuning counted without masks"
OPEN_CLIP = "open_clip's docs/PRETRAINED.md"


class Phase(NamedTuple):
    """Samples at one size, on an architecture as open_clip names it; sizes of none are the architecture's own."""

    samples_seen: int
    arch: str
    image_size: int | None = None
    text_length: int | None = None


def clipa(arch: str, small: int, *, larger: bool) -> list[Phase]:
    """CLIPA-v2: 12.8B samples small, 512M at 224 px, and perhaps 128M at 336 px."""
    phases = [Phase(12_800_000_000, arch, small, 8), Phase(512_000_000, arch, 224, 32)]
    return [*phases, Phase(128_000_000, arch, 336, 32)] if larger else phases


# run: where the facts are stated, global batch size where it is, phases
FACTS: dict[str, tuple[str, int | None, list[Phase]]] = {
    "clipa2023/L_14_DataComp_12.8B@84+512M@224": (CLIPA, None, clipa("ViT-L-14-CLIPA", 84, larger=False)),
    "clipa2023/L_14_+128M@336": (CLIPA, None, clipa("ViT-L-14-CLIPA", 84, larger=True)),
    "clipa2023/H_14_DataComp_12.8B@70+512M@224": (CLIPA, None, clipa("ViT-H-14-CLIPA", 70, larger=False)),
    "clipa2023/H_14_12.8B@84+512M@224": (CLIPA, None, clipa("ViT-H-14-CLIPA", 84, larger=False)),
    "clipa2023/H_14_+128M@336": (CLIPA, None, clipa("ViT-H-14-CLIPA", 84, larger=True)),
    "openclip/ViT-B-32_laion400m": (OPEN_CLIP, 32768, [Phase(LAION400M, "ViT-B-32")]),
    "openclip/ViT-B-16_laion400m": (OPEN_CLIP, 33792, [Phase(LAION400M, "ViT-B-16")]),
    "openclip/ViT-B-16-plus-240_laion400m": (OPEN_CLIP, 35840, [Phase(LAION400M, "ViT-B-16-plus-240")]),
    "openclip/ViT-L-14_laion400m": (OPEN_CLIP, 38400, [Phase(LAION400M, "ViT-L-14")]),
}


def phases(cache: CountsCache) -> pl.DataFrame:
    """A row a phase, with its forward multiply-adds a pair."""
    rows: list[dict[str, Any]] = []
    for run_id, (stated, batch, found) in FACTS.items():
        for phase in found:
            arch = resolve(PluginRef(name=phase.arch))
            size, length = phase.image_size or arch.image_size, phase.text_length or arch.text_length
            gmacs = cache.count(arch, size, length).gmacs_per_sample
            rows.append(
                {
                    "run_id": run_id,
                    "samples_seen": phase.samples_seen,
                    "image_size": size,
                    "text_length": length,
                    "gmacs_per_sample": round(gmacs, 4),
                    "global_batch_size": batch,
                    "stated": stated,
                }
            )
    return pl.DataFrame(rows)


def main(runs: str, scores: str) -> None:
    """Write the three tables and what is said of the study as a whole."""
    with TemporaryDirectory() as folder:
        computed = phases(CountsCache(Path(folder) / "counts.json"))
    stated = pl.read_csv(runs, infer_schema_length=None)
    write_text(OUT / "phases.csv", computed.write_csv())
    write_parquet(OUT / "runs.parquet", published_study.runs_table(stated, computed))
    table = pl.read_csv(scores, infer_schema_length=None)
    write_parquet(OUT / "scores.parquet", published_study.scores_table(table))
    write_json(OUT / "plan.json", published_study.FACTS)
    write_json(OUT / "evaluation.json", {"sets": asked(published_study.scores_table(table))})


if __name__ == "__main__":
    main(*sys.argv[1:])
