"""What a run is, how it ended, and the columns of every table: plain data, no torch.

``RunSpec`` holds identity only. Its ``run_id`` is a hash of the fields that differ from their defaults, so a new
field with a default changes no id; a shipped default therefore never changes its value.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import polars as pl


class Frozen(BaseModel):
    """Base of all records: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PluginConfig(Frozen):
    """Base of every plug-in's own ``Config``; a subclass narrows ``name`` to a Literal of its own."""

    name: str


class PluginRef(Frozen):
    """One choice of a plug-in: its name, its version and the options that differ from its defaults."""

    name: str
    version: int = Field(1, description="raised when a correction changes the plug-in's results")
    options: dict[str, Any] = Field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name with its options, as shown in tables: ``flip(mask_ratio=0.75)``."""
        options = ", ".join(f"{key}={_plain(value)}" for key, value in sorted(self.options.items()))
        return f"{self.name}({options})" if options else self.name


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class DataRef(Frozen):
    """A subset of a pool: the best share by score, then a nested number of pairs by stable hash."""

    source: PluginRef
    quality: float = Field(1.0, gt=0, le=1, description="share of the pool kept, best scores first")
    unique_pairs: int = Field(ge=1, description="distinct pairs in the subset")
    fingerprint: str = Field(description="of the pool's ids and scores")


class Tuning(Frozen):
    """How a run's learning rate is chosen: that of the trial runs which score best on a data set."""

    runs: tuple[str, ...] = Field(min_length=2, description="ids of the trials, sorted")
    dataset: str = Field(description="where the trials are compared: a validation set")
    metrics: tuple[str, ...] = Field(min_length=1, description="whose mean is compared; higher is better")

    @property
    def label(self) -> str:
        """How a learning rate will be chosen, in words for tables."""
        return f"by {self.dataset}, {len(self.runs)} trials"


Schedule = Literal["cosine", "constant"]
Precision = Literal["auto", "fp32", "bf16"]
BatchNorm = Literal["synchronised", "per_micro_batch"]


class RunSpec(Frozen):
    """Everything that can change a run's result, and nothing else."""

    data: DataRef
    arch: PluginRef
    strategy: PluginRef
    samples_seen: int = Field(ge=1, description="image-text pairs consumed in training, repeats counted")
    seed: int = Field(0, ge=0, description="of the weights, the order of the data and all noise")
    image_size: int | None = Field(None, ge=8, description="side in pixels; none = the architecture's own")
    text_length: int | None = Field(None, ge=3, description="tokens; none = the architecture's own")
    global_batch_size: int = Field(256, ge=1, description="pairs an optimiser step, over all devices")
    lr: float | None = Field(None, gt=0, description="peak learning rate; none = the strategy's own")
    tuning: Tuning | None = Field(None, description="in the place of lr: which trials choose it")
    weight_decay: float | None = Field(None, ge=0, description="none = the strategy's own")
    beta1: float | None = Field(None, ge=0, lt=1, description="of AdamW; none = the strategy's own")
    beta2: float | None = Field(None, ge=0, lt=1, description="of AdamW; none = the strategy's own")
    eps: float | None = Field(None, gt=0, description="of AdamW; none = the strategy's own")
    schedule: Schedule = Field("cosine", description="shape of the learning rate after warm-up")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the samples with a rising learning rate")
    cooldown: float = Field(0.2, ge=0, le=1, description="share at the end of a constant schedule that falls")
    grad_clip: float | None = Field(1.0, gt=0, description="largest norm of the gradient; none = no clipping")
    precision: Precision = Field("auto", description="auto = bf16 autocast on a GPU that has it, else fp32")
    batch_norm: BatchNorm = Field("synchronised", description="statistics over the global batch, or not")
    micro_batch_size: int | None = Field(None, ge=1, description="only with batch_norm: per_micro_batch")


def run_id(spec: RunSpec) -> str:
    """``r`` and 12 hex digits of SHA-256 over the fields that differ from their defaults, keys sorted."""
    identity = spec.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return "r" + hashlib.sha256(text.encode()).hexdigest()[:12]


class Status(StrEnum):
    """How a run stands. Everything but ``completed`` is kept as a row with its reason."""

    PLANNED = "planned"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out_of_memory"
    BAD_DATA = "bad_data"
    TIMEOUT = "timeout"
    NODE_FAILURE = "node_failure"
    PREEMPTED = "preempted"
    CANCELLED = "cancelled"
    FAILED = "failed"


FAILURE = "failure.json"  # in a run's folder: why its last process ended without an outcome


# What measured it: the GPU's own counter, or the CPU packages' counters, of which a run has its threads' share.
EnergySource = Literal["nvml", "rapl"]


class Attempt(Frozen):
    """One process that worked on a run."""

    started: str = Field(description="UTC, ISO 8601")
    host: str
    first_sample: int
    last_sample: int
    wall_hours: float = Field(description="from the start of the process, or of the job that came to it")
    world_size: int | None = Field(None, description="processes, one a device; none in the first files")
    energy_kwh: float | None = Field(None, description="measured on this process's machine; none = not measured")
    energy_source: EnergySource | None = None


class Accelerated(Frozen):
    """Which accelerations a run's steps are made with: ``accelerations.json``, and a part of its cost."""

    on: tuple[str, ...] = Field((), description="names of study.train.accelerations, sorted")
    failed: dict[str, str] = Field(default_factory=dict, description="those that were on until an error, and which")


class Cost(Frozen):
    """What a run took, measured; a missing value is none, never 0."""

    device: str = Field(description="name of the GPU or CPU model")
    device_kind: Literal["cuda", "cpu"]
    world_size: int
    threads: int
    loader_workers: int
    precision: Literal["fp32", "bf16"]
    micro_batch_size: int
    grad_accum_steps: int
    gpu_hours: float | None = Field(None, description="device-hours from start to end over all attempts")
    lost_steps: int | None = Field(None, description="made twice, since an attempt ended after its last checkpoint")
    lost_gpu_hours: float | None = Field(None, description="of those steps, at the speed of the median steady step")
    train_hours: float | None = Field(None, description="device-hours in the training loop alone")
    start_up_seconds: float | None = None
    samples_per_second_per_gpu: float | None = Field(None, description="from the median steady step")
    step_time_ms: float | None = Field(None, description="median of the steady steps")
    step_time_ms_p10: float | None = None
    step_time_ms_p90: float | None = None
    steady_steps: int = 0
    data_wait_ms: float | None = Field(None, description="median wait for data a steady step")
    peak_memory_gib: float | None = Field(None, description="allocator's peak on a GPU, peak RSS on a CPU")
    energy_kwh: float | None = Field(None, description="measured over all attempts; none = not in all of them")
    energy_source: EnergySource | None = None
    accelerations: Accelerated = Accelerated()

    @model_validator(mode="before")
    @classmethod
    def _without_mfu(cls, data: Any) -> Any:
        """The first outcomes have an empty ``mfu``, which the table of runs computes."""
        return {name: value for name, value in data.items() if name != "mfu"} if isinstance(data, dict) else data


SkippedUnit = Literal["pairs", "samples"]  # what those are that could not be read; "pairs" in the first files


class Outcome(Frozen):
    """How a run ended and what it cost: ``outcome.json``."""

    run_id: str
    status: Status
    reason: str | None = Field(None, description="why it did not complete, in one line")
    samples_seen: int
    steps: int
    loss: float | None = Field(None, description="mean of the strategy's loss over the last tenth of the steps")
    contrastive_loss: float | None = Field(None, description="CLIP's loss over the same steps, comparable")
    logit_scale: float | None = None
    samples_skipped: dict[str, int] | None = Field(
        None, description="why pairs could not be read -> how many; none = it ended before they were read"
    )
    skipped_unit: SkippedUnit = Field("pairs", description="samples: of a stream, each time another pair stood in")
    weights_sha256: str | None = Field(None, description="of the final weights, to compare two runs exactly")
    finished: str = Field(description="UTC, ISO 8601")
    resolved: dict[str, Any] = Field(description="values after defaults: image size, lr, phases, ...")
    cost: Cost | None = None
    attempts: list[Attempt] = Field(default_factory=list)
    versions: dict[str, str] = Field(default_factory=dict)


class Score(Frozen):
    """One number of an evaluation, 0 to 1."""

    dataset: str
    metric: str
    value: float | None = Field(description="none where the metric is not defined, never 0 instead")
    n: int = Field(description="images the value was computed on")
    chance: float | None = Field(None, description="expected value of random features")
    majority: float | None = Field(None, description="value of always answering the largest class")


class Scores(Frozen):
    """All scores of one run: ``scores.json``."""

    run_id: str
    outcome_finished: str = Field(description="of the outcome the scores belong to")
    scores: list[Score]
    errors: dict[str, str] = Field(default_factory=dict, description="data set: why it has no score")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="data set: how it was scored, in how many seconds"
    )


def _columns(**types: str) -> dict[str, str]:
    return types


# ``purpose`` is "tuning" for a run made only to choose a learning rate, else "study"; ``tuned`` says in words how the
# learning rate was chosen, none where it was given; ``needs`` lists, as JSON, the runs that must be scored before.
# ``predicted_start_up_hours`` and ``predicted_evaluation_hours`` are of the process, and a part of predicted_gpu_hours.
# ``gpus`` and ``predicted_gpu_hours`` are of all ``nodes`` of a run, ``mem_mb`` of each, ``threads`` of each process.
# ``sharded``: each process holds a share of the towers, which fit no other way.
# ``left_out`` says why a run of the grid is none of the study: its limit; null for all others. ``setting``: see below.
# Column -> polars type, by name, so that this module loads no polars. The published tables use the same columns.
PLAN_COLUMNS = _columns(
    run_id="String", setting="String", study="String", sub_grid="String", left_out="String", arch="String",
    family="String", strategy="String", strategy_label="String", purpose="String", tuned="String", needs="String",
    source="String", quality_share="Float64", size_share="Float64",
    unique_pairs="Int64", samples_seen="Int64", global_batch_size="Int64", micro_batch_size="Int64",
    grad_accum_steps="Int64", lr="Float64", seed="Int64", image_size="Int64", text_length="Int64",
    gmacs_per_sample="Float64", params_m="Float64", train_flops="Float64", precision="String", gpu="String",
    gpus="Int64", nodes="Int64", sharded="Boolean",
    threads="Int64", mem_mb="Int64", runtime_minutes="Int64", predicted_gpu_hours="Float64",
    predicted_gpu_hours_low="Float64", predicted_gpu_hours_high="Float64", prediction_evidence="String",
    predicted_start_up_hours="Float64", predicted_evaluation_hours="Float64",
    predicted_memory_gib="Float64", predicted_kwh="Float64", predicted_kwh_low="Float64",
    predicted_kwh_high="Float64", predicted_dollars="Float64", predicted_dollars_low="Float64",
    predicted_dollars_high="Float64",
)  # fmt: skip

# ``energy_source`` is "nvml" or "rapl" for an ``energy_kwh`` that was measured in training; "estimate" for the device's
# full power over all hours, ``evaluate_hours`` too. ``dollars`` is all hours at the user's price, none without one.
# ``setting`` is the run_id that the same run has with seed 0, so that repeats of one setting share it;
# ``other_settings`` names what differs from the defaults and has no column; ``versions`` is JSON, as
# ``skipped_reasons`` is, reason: how many ``skipped_unit`` (of study.records) could not be read.
RUNS_COLUMNS = _columns(
    run_id="String", setting="String", study="String", sub_grid="String", source="String", citation="String",
    arch="String", family="String", strategy="String", strategy_label="String", purpose="String", tuned="String",
    pretrain_data="String",
    unique_pairs="Int64", quality="String", quality_share="Float64", size_share="Float64",
    samples_seen="Int64", global_batch_size="Int64", lr="Float64", other_settings="String",
    seed="Int64", image_size="Int64", text_length="Int64", gmacs_per_sample="Float64", params_m="Float64",
    train_flops="Float64", status="String", reason="String", evaluation_note="String", loss="Float64",
    contrastive_loss="Float64", device_kind="String", gpu="String", n_gpus="Int64", threads="Int64",
    precision="String", versions="String", samples_per_second="Float64",
    step_time_ms="Float64", step_time_ms_p10="Float64", step_time_ms_p90="Float64", data_wait_ms="Float64",
    peak_memory_gib="Float64", mfu="Float64", gpu_hours="Float64", train_hours="Float64",
    evaluate_hours="Float64", energy_kwh="Float64", energy_source="String", dollars="Float64",
    predicted_gpu_hours="Float64", predicted_gpu_hours_low="Float64", predicted_gpu_hours_high="Float64",
    predicted_memory_gib="Float64", predicted_kwh="Float64", predicted_dollars="Float64", samples_skipped="Int64",
    skipped_reasons="String", skipped_unit="String",
    attempts="Int64", lost_steps="Int64", lost_gpu_hours="Float64", finished="String", note="String",
)  # fmt: skip

SCORES_COLUMNS = _columns(
    run_id="String", dataset="String", metric="String", value="Float64", n="Int64", chance="Float64",
    majority="Float64",
)  # fmt: skip

# ``ranges`` is JSON, least and most by input, train_flops too; ``x_min`` and ``x_max`` are those of the first input.
# ``residuals`` is JSON, run_id: log of measured over fitted error. ``identified`` is JSON, coefficient: none, or how
# the data leave it open. ``n_tried`` predictions were made for points held out in turn: ``tried_error`` is their
# median size of log measured over predicted error, ``tried_last_two`` that of extending the last two points.
# ``caution`` is what a law cannot tell; ``provisional`` why it may change with more runs; ``preferred`` is true of one
# law for each group, score and ``x``: the one to use where several were fitted.
LAWS_COLUMNS = _columns(
    study="String", law="String", selection="String", dataset="String", metric="String", group="String",
    x="String", y="String", coefficients="String", intervals="String", residual_std="Float64", n_points="Int64",
    n_runs="Int64", points_used="String", points_left_out="String", x_min="Float64", x_max="Float64",
    ranges="String", residuals="String", identified="String", n_starts="Int64", n_converged="Int64",
    gradient="Float64", n_tried="Int64", tried_error="Float64", tried_last_two="Float64", preferred="Boolean",
    caution="String", provisional="String", draws="String",
)  # fmt: skip


# A row for each score and pair of groups that differ in the column ``differs`` alone: ``one`` leads at little compute.
# ``crossover`` is where ``other`` overtakes it, null where it does not between ``x_min`` and ``x_max``; ``low`` and
# ``high`` are null where the interval leaves that range. ``share`` of the draws agree; ``seen`` is the answer in short.
CROSSOVERS_COLUMNS = _columns(
    study="String", dataset="String", metric="String", differs="String", held_equal="String", one="String",
    other="String", laws="String", x_min="Float64", x_max="Float64", crossover="Float64", low="Float64",
    high="Float64", share="Float64", seen="Boolean", verdict="String", provisional="String",
)  # fmt: skip


def schema(columns: dict[str, str]) -> dict[str, type[pl.DataType]]:
    """The polars schema of one of the column tables above."""
    import polars as pl

    return {name: getattr(pl, kind) for name, kind in columns.items()}
