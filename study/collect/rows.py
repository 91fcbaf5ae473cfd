"""A row of the runs table: what was planned, how it ended, what it cost. Missing stays missing, never 0."""

from __future__ import annotations

import json
from typing import Any

from study.collect.cost import derived
from study.collect.folder import RunFolder
from study.hardware import BUILT_IN, Site
from study.records import Cost, Outcome, RunSpec, Tuning, run_id
from study.summary import skipped

# Fields of a spec with a column of their own, or told by one; any other that differs is an "other setting".
_SHOWN = {
    "data", "arch", "strategy", "samples_seen", "seed", "image_size", "text_length", "global_batch_size", "lr",
    "tuning",
}  # fmt: skip
_PLANNED = (
    "run_id", "study", "sub_grid", "source", "arch", "family", "strategy", "strategy_label", "purpose", "tuned",
    "unique_pairs",
    "quality_share", "size_share", "samples_seen", "global_batch_size", "lr", "seed", "image_size", "text_length",
    "gmacs_per_sample", "params_m", "train_flops", "predicted_gpu_hours", "predicted_gpu_hours_low",
    "predicted_gpu_hours_high", "predicted_memory_gib", "predicted_kwh", "predicted_dollars",
)  # fmt: skip
_MEASURED = (
    "device_kind", "threads", "precision", "step_time_ms", "step_time_ms_p10", "step_time_ms_p90", "data_wait_ms",
    "peak_memory_gib", "gpu_hours", "train_hours", "lost_steps", "lost_gpu_hours",
)  # fmt: skip


def run_row(planned: dict[str, Any], run: RunFolder, site: Site = BUILT_IN) -> dict[str, Any]:
    """One run as a row with the columns of ``RUNS_COLUMNS``; a column left out is null."""
    row = {name: planned.get(name) for name in _PLANNED}
    row["status"], row["reason"], row["evaluation_note"] = run.status.value, run.reason, run.evaluation_note
    row["evaluate_hours"] = run.evaluate_hours
    row["quality"] = quality_label(row["quality_share"])
    row["pretrain_data"] = row["source"]
    row["gpu"], row["n_gpus"] = planned.get("gpu"), planned.get("gpus")
    row["setting"] = row["run_id"]
    if run.spec:
        row |= _of_spec(run.spec)
    if run.outcome:
        row |= _of_outcome(run.outcome)
        row["lr"] = run.outcome.resolved.get("lr", row["lr"])
        if run.spec and run.spec.tuning and "lr_tried" in run.outcome.resolved:
            row["tuned"] = tuned_label(run.spec.tuning, run.outcome.resolved)
    if run.outcome and run.outcome.cost:
        found = derived(planned.get("train_flops"), run.outcome, run.evaluate_hours, site)
        row |= _of_cost(run.outcome.cost) | found
    return row


def tuned_label(tuning: Tuning, resolved: dict[str, Any]) -> str:
    """How a learning rate was chosen: ``lr 0.001 of 3 tried, by embedded/validation``; an end of them is named."""
    lr, rates = f"{resolved['lr']:g}", sorted(resolved["lr_tried"], key=float)
    place = {rates[0]: ", the least", rates[-1]: ", the greatest"}.get(lr, "")
    return f"lr {lr}{place} of {len(rates)} tried, by {tuning.dataset}"


def quality_label(share: float | None) -> str | None:
    """A share of the pool in words, as tables show it."""
    if share is None:
        return None
    return "unfiltered" if share == 1 else f"best {100 * share:g} %"


def _of_spec(spec: RunSpec) -> dict[str, Any]:
    differing = spec.model_dump(mode="json", exclude_defaults=True)
    other = [f"{name}={value}" for name, value in sorted(differing.items()) if name not in _SHOWN]
    return {
        "setting": run_id(spec.model_copy(update={"seed": 0})),
        "other_settings": ", ".join(other) or None,
    }


def _of_outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "loss": outcome.loss,
        "contrastive_loss": outcome.contrastive_loss,
        **skipped.columns(outcome),
        "attempts": len(outcome.attempts) or None,
        "finished": outcome.finished,
        "versions": json.dumps(outcome.versions, sort_keys=True) if outcome.versions else None,
    }


def _of_cost(cost: Cost) -> dict[str, Any]:
    row = {name: getattr(cost, name) for name in _MEASURED}
    speed = cost.samples_per_second_per_gpu
    row["samples_per_second"] = None if speed is None else speed * cost.world_size
    row["gpu"], row["n_gpus"] = cost.device, cost.world_size
    return row
