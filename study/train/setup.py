"""From a spec to everything a run needs: data, model, strategy, optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from study import checkpoint
from study.errors import PlanError
from study.models import Arch, ClipModel, build, resolve
from study.optim import adamw
from study.optim.adamw import settings
from study.records import PluginRef, RunSpec
from study.strategies import STRATEGIES
from study.strategies.base import Phase, Strategy, mix
from study.strategies.trained import trained_parameters
from study.train.batch_norm import synchronise
from study.train.device import Place
from study.train.faults import opened_by_all
from study.train.feed import Feed
from study.train.pairs import open_pairs
from study.train.session import Session
from study.train.step import GlobalStep
from study.train.tuned import tuned


def make_strategy(ref: PluginRef) -> Strategy:
    """The strategy of a spec with its options checked again; raises PlanError for another version's spec."""
    kind = STRATEGIES.load(ref.name)
    if kind.version != ref.version:
        raise PlanError(
            f"the run was planned with {ref.name} version {ref.version}, this program has {kind.version}; plan again"
        )
    return kind(kind.Config(name=ref.name, **ref.options))


def make_model(spec: RunSpec, phase: Phase, device: torch.device) -> tuple[Arch, ClipModel, Strategy]:
    """The model at a phase's sizes and the strategy attached to it, initialised from the seed."""
    arch = resolve(spec.arch)
    model = build(arch, image_size=phase.image_size, text_length=phase.text_length, seed=spec.seed)
    strategy = make_strategy(spec.strategy)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix(spec.seed, "strategy"))
        strategy.attach(model)
    memory_format = torch.channels_last if model.prefers_channels_last else torch.contiguous_format
    model.to(device).to(memory_format=memory_format)
    strategy.to(device)
    return arch, model, strategy


def _micro_batch(spec: RunSpec, place: Place, wanted: int | None) -> int:
    per_process, rest = divmod(spec.global_batch_size, place.world_size)
    size = spec.micro_batch_size or wanted or per_process
    if rest or size < 1 or per_process % size:
        raise PlanError(
            f"a global batch of {spec.global_batch_size} cannot be split into {place.world_size} processes "
            f"with micro-batches of {size}; take sizes that divide it"
        )
    return size


def _check_batch_norm(spec: RunSpec, model: ClipModel, place: Place, micro: int) -> None:
    together = micro * place.world_size  # pairs that pass the towers at once
    if together == spec.global_batch_size or not model.has_batch_norm or spec.batch_norm == "per_micro_batch":
        return
    raise PlanError(
        f"{spec.arch.name} has batch norm, whose statistics would cover {together} pairs instead of the global batch "
        f"of {spec.global_batch_size}; use a tower without batch norm, train without accumulation (on more processes "
        f"where memory lacks), or plan the run with batch_norm: per_micro_batch and micro_batch_size: {micro}"
    )


OpenPairs = Callable[[RunSpec, Arch, Strategy, Sequence[Phase], Path, Place], Feed]


def open_session(
    spec: RunSpec,
    results: Path,
    place: Place,
    micro_batch_size: int | None,
    open_them: OpenPairs = open_pairs,
    shard: bool = False,
) -> Session:
    """Build everything; nothing is written but caches that runs share.

    With ``shard`` several processes hold a share each of the towers' weights, gradients and moments. Raises PlanError
    for what cannot be trained in this place.
    """
    chosen_lr = tuned(spec.tuning, results / "runs") if spec.tuning else None
    phases = make_strategy(spec.strategy).phases(spec, resolve(spec.arch))
    sharded = shard and place.world_size > 1
    # towers that are sharded come to the device in shares: whole they may not fit
    arch, model, strategy = make_model(spec, phases[0], torch.device("cpu") if sharded else place.device)
    open_feed = partial(open_them, spec, arch, strategy, phases, results, place)
    feed = opened_by_all(place, open_feed, lambda feed: feed.pairs.known_by())
    micro = _micro_batch(spec, place, micro_batch_size)
    _check_batch_norm(spec, model, place, micro)
    if place.world_size > 1 and model.has_batch_norm and spec.batch_norm == "synchronised":
        synchronise(model, place.device)
    precision = place.precision(spec.precision)
    chosen = settings(spec.model_copy(update={"lr": chosen_lr.lr}) if chosen_lr else spec, strategy.optim)
    backward = GlobalStep(model, strategy, place, precision, spec.seed, sharded)
    model.to(place.device)
    strategy.to(place.device)
    return Session(
        spec=spec,
        arch=arch,
        model=model,
        strategy=strategy,
        phases=phases,
        feed=feed,
        optimizer=adamw(trained_parameters(model, strategy), chosen),
        optim_settings=chosen,
        place=place,
        precision=precision,
        micro_batch_size=micro,
        backward=backward,
        tuned=chosen_lr,
    )


def load_trained(run: Path, spec: RunSpec, device: torch.device) -> tuple[Arch, ClipModel, Strategy]:
    """The trained model of a run at the sizes of its last phase, in eval mode."""
    phases = make_strategy(spec.strategy).phases(spec, resolve(spec.arch))
    arch, model, strategy = make_model(spec, phases[-1], device)
    state = checkpoint.load_final(run, device)
    model.load_state_dict(state["model"])
    strategy.load_state_dict(state["strategy"])
    return arch, model.eval(), strategy.eval()
