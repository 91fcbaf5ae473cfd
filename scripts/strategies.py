"""Fill the tables of docs/strategies.md: python scripts/strategies.py.

From the strategies, from plans of grids, and from the kept report in reports/strategies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from docs import ROOT, filled
from study.io import write_text
from study.plan.make import Plan, make
from study.plan.sums import hours
from study.strategies import STRATEGIES

PAGE = ROOT / "docs/strategies.md"
KEPT = ROOT / "reports/strategies"
BASELINE = "CLIP"
# Worked out apart from this project's counter, for B/32, B/16 and L/16; FLIP's count the patches it drops as embedded.
REFERENCE = {
    "CLIP, 16 text tokens": ".679 / .885 / .923",
    "SLIP": "2.19 / 2.71 / 2.81",
    "FLIP, 50 % dropped, no tuning": ".71 / .57 / .55",
    "FLIP, 75 % dropped, no tuning": ".57 / .36 / .32",
    "RECLIP's main phase, 64 px and 16 tokens": ".141 / .101 / .096",
}
SMALLEST = 64  # px: the abstract of arXiv:2304.06028 says 7 to 9 times and not at which size
PAPERS = ("clip_lite", "reclip", "amorlip")
HOURS = ("predicted_gpu_hours", "predicted_gpu_hours_low", "predicted_gpu_hours_high")


def optim() -> str:
    """Each strategy's own AdamW settings, as a Markdown table."""
    head = "| strategy | lr | for a batch of | scaled | weight decay | beta1 | beta2 | eps |"
    return "\n".join([head, "| --- |" + " --- |" * 7, *map(_optim, STRATEGIES.names())])


def _optim(name: str) -> str:
    own = STRATEGIES.load(name).optim
    values = (own.lr, own.batch, own.scaling, own.weight_decay, own.beta1, own.beta2, own.eps)
    return f"| `{name}` | {' | '.join(f'{value:g}' if isinstance(value, float) else str(value) for value in values)} |"


def costs(plan: Plan) -> str:
    """FLOPs of each sub-grid over the baseline's on the same tower, a column a tower, as a Markdown table."""
    found = {(row["sub_grid"], row["arch"]): row["train_flops"] for row in plan.rows}
    archs = [arch for name, arch in found if name == BASELINE]
    names = [name for name, arch in found if arch == archs[0]]
    head = [f"| | {' | '.join(archs)} | reference |", "| --- |" + " --- |" * (len(archs) + 1)]
    return "\n".join([*head, *(f"| {name} | {_ratios(found, name, archs)} |" for name in names)])


def _ratios(found: dict[tuple[str, str], float], name: str, archs: Sequence[str]) -> str:
    ratios = [f"{found[name, arch] / found[BASELINE, arch]:.3f}" for arch in archs]
    return " | ".join([*ratios, REFERENCE.get(name, "")])


def measured() -> str:
    """What each strategy cost in the kept study, over the baseline, as a Markdown table."""
    head = ["| strategy | FLOP ratio | time ratio | efficiency | data wait |", "| --- |" + " --- |" * 4]
    rows = pl.read_csv(KEPT / "tables/strategy_cost.csv").sort("time_ratio").iter_rows(named=True)
    return "\n".join([*head, *map(_measured, rows)])


def _measured(row: dict[str, Any]) -> str:
    ratios = [f"{row[name]:.2f}" for name in ("flop_ratio", "time_ratio", "efficiency")]
    return f"| {row['strategy_label']} | {' | '.join(ratios)} | {row['data_wait_share']:.1%} |"


def papers(plans: Sequence[Plan]) -> str:
    """What each paper's own settings take, as a Markdown table."""
    head = ["| command | runs | training FLOPs | GPU-hours (likely range) | predicted for |", "| --- |" + " --- |" * 4]
    return "\n".join([*head, *map(_paper, plans)])


def _paper(plan: Plan) -> str:
    flops = sum(row["train_flops"] for row in plan.rows)
    value, low, high = (hours(sum(row[name] for row in plan.rows)) for name in HOURS)
    cells = (
        f"`study plan grids/{plan.name}.yaml --dry-run`",
        str(len(plan.rows)),
        f"{flops:.3g}",
        f"{value} ({low} to {high})",
        f"{plan.count} x {plan.device.name}",
    )
    return f"| {' | '.join(cells)} |"


def published(costs: Plan, reclip: Plan) -> str:
    """Ratios that papers state beside the counted ones, as a Markdown table."""
    rows = [*_flip(costs.rows), *_reclip(reclip)]
    return "\n".join(["| | counted | published |", "| --- | --- | --- |", *rows])


def _flip(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    whole, half, quarter = (row["train_flops"] for row in rows if row["text_length"] == 32)
    yield f"| FLIP, 50 % dropped, over CLIP: ViT-L-16, 32 text tokens | {half / whole:.3f} | .52 |"
    yield f"| FLIP, 75 % dropped, over CLIP: ViT-L-16, 32 text tokens | {quarter / whole:.3f} | .28 |"


def _reclip(plan: Plan) -> Iterator[str]:
    flops = {
        run.spec.strategy.options.get("low_size"): row["train_flops"]
        for run, row in zip(plan.runs, plan.rows, strict=True)
    }
    for size in sorted(flops.keys() - {None}):
        stated = "7 to 9" if size == SMALLEST else ""
        yield f"| CLIP over RECLIP from {size} px: `grids/reclip.yaml` | {flops[None] / flops[size]:.1f} | {stated} |"


def planned(name: str, results: Path) -> Plan:
    """The plan of a shipped grid."""
    return make(ROOT / "grids" / f"{name}.yaml", results)


def main() -> None:
    """Rewrite the tables."""
    with TemporaryDirectory() as folder:
        plans = {name: planned(name, Path(folder)) for name in ("strategy_costs", *PAPERS)}
    text = filled(PAGE.read_text(), "optim", optim())
    text = filled(text, "costs", costs(plans["strategy_costs"]))
    text = filled(text, "measured", measured())
    text = filled(text, "published", published(plans["strategy_costs"], plans["reclip"]))
    write_text(PAGE, filled(text, "papers", papers([plans[name] for name in PAPERS])))


if __name__ == "__main__":
    main()
