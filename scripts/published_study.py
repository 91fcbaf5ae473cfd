"""Published runs as a study's tables: what the sources state, put into the columns of study.records."""

from __future__ import annotations

from typing import Any

import polars as pl

from study.imported.architectures import family
from study.imported.flops import train_flops
from study.predict.published_runs import FLOPS_A_GMAC
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, schema

FACTS = {
    "title": "Published results of CLIP pretraining",
    "description": "464 runs and 1,809 scores that others have published, each with its citation; "
    "what a source does not state is missing here",
    "baseline": "clip",
}
# The tables' name of a strategy: ours, and its label with options.
STRATEGIES = {
    "flip50": ("flip", "flip(mask_ratio=0.5, unmasked_share=0)"),
    "flip75": ("flip", "flip(mask_ratio=0.75, unmasked_share=0)"),
    "amorlip_fdiv": ("amorlip", "amorlip(objective=kl)"),
    "amorlip_l2log": ("amorlip", "amorlip"),
}
SWEEP = "the best of the source's sweep of learning rates and batch sizes"


def runs_table(stated: pl.DataFrame, phases: pl.DataFrame) -> pl.DataFrame:
    """A row a run in ``RUNS_COLUMNS``; ``stated`` and ``phases`` are the tables that build_published.py reads."""
    computed = {
        run_id: part.to_dicts() for (run_id,), part in phases.group_by("run_id", maintain_order=True)
    }  # fmt: skip
    rows = [_row(row, computed.get(row["run_id"], [])) for row in stated.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=schema(RUNS_COLUMNS))


def scores_table(stated: pl.DataFrame) -> pl.DataFrame:
    """A row a score in ``SCORES_COLUMNS``."""
    return pl.DataFrame(stated.to_dicts(), schema=schema(SCORES_COLUMNS))


def _row(stated: dict[str, Any], phases: list[dict[str, Any]]) -> dict[str, Any]:
    strategy, label = STRATEGIES.get(stated["strategy"], (stated["strategy"],) * 2)
    row = stated | {
        "setting": stated["run_id"],
        "study": "published",
        "sub_grid": stated["source"],
        "family": family(stated["arch"]),
        "strategy": strategy,
        "strategy_label": label,
        "purpose": "study",
        "status": "completed",
        "device_kind": "cuda" if stated["gpu"] else None,
    }
    flops, why = train_flops(strategy, stated["gmacs_per_sample"], stated["samples_seen"])
    row |= _of_sweep(stated) | (_of_phases(phases) if phases else {"train_flops": flops, "why": why})
    row["note"] = "; ".join(filter(None, (stated["note"], row.pop("why", None)))) or None
    return row


def _of_sweep(stated: dict[str, Any]) -> dict[str, Any]:
    note = stated["note"] or ""
    return {
        "tuned": SWEEP if "best over a sweep" in note else None,
        "other_settings": "schedule=constant" if note.startswith("const schedule") else None,
    }


def _of_phases(phases: list[dict[str, Any]]) -> dict[str, Any]:
    samples = sum(phase["samples_seen"] for phase in phases)
    flops = sum(FLOPS_A_GMAC * phase["gmacs_per_sample"] * phase["samples_seen"] for phase in phases)
    return {
        "samples_seen": samples,
        "train_flops": flops,
        "gmacs_per_sample": flops / samples / FLOPS_A_GMAC,
        "global_batch_size": phases[0]["global_batch_size"],
        "why": f"samples and multiply-adds by {phases[0]['stated']}, multiply-adds counted by this project",
    }
