"""Expand a grid into a plan: runs, rows, evaluation, all checked before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study import config
from study.config import Grid
from study.config.document import in_order
from study.config.site import read_site
from study.errors import GridError
from study.hardware import Device, Site, find
from study.plan import lock as locks
from study.plan.baseline import baseline_of
from study.plan.budget import Budgets
from study.plan.choices import Choices, Pool, registries
from study.plan.claim import check_claim
from study.plan.cost import Counter, counter
from study.plan.current import with_made_predictions
from study.plan.evaluation import evaluation_of
from study.plan.expand import points
from study.plan.held import Held, hold
from study.plan.jobs import sets_of
from study.plan.lock import Lock
from study.plan.memory import memories
from study.plan.predictions import Predictor
from study.plan.resolve import Resolver, Run
from study.plan.rows import Taken, planned
from study.plan.stamp import Stamp, stamp_of, with_sources
from study.predict import Measured
from study.predict.measured import everything_measured
from study.records import PluginRef, run_id

EVERY = 1000  # runs between two lines of progress


@dataclass(frozen=True)
class Options:
    """Where to predict for, whether frozen budgets are resolved anew, and whether new counts are kept on disk.

    ``hardware`` is the user's file of devices and prices.
    """

    gpu: str | None = None
    recalibrate: bool = False
    keep_counts: bool = True
    hardware: Path | None = None


@dataclass(frozen=True)
class Plan:
    """A study, ready to be written; its rows have the columns PLAN_COLUMNS of study.records."""

    grid: Grid
    results: Path
    runs: list[Run]
    evaluation: dict[str, Any]
    pools: list[Pool]
    lock: Lock
    stamp: Stamp
    device: Device
    site: Site
    estimate: bool
    baseline: str | None
    held: Held

    @property
    def name(self) -> str:
        """The study's name."""
        return self.grid.name

    @property
    def sources(self) -> dict[str, PluginRef]:
        """Where the pools lie, by fingerprint, of those that are there."""
        return {pool.fingerprint: pool.located for pool in self.pools if pool.fingerprint is not None}

    @property
    def count(self) -> int:
        """GPUs a run."""
        return _count(self.grid, self.device)

    @property
    def nodes(self) -> int:
        """Machines a run."""
        return _nodes(self.grid, self.device)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a run of the grid, those that the study's limit leaves out included."""
        return self.held.rows


def _silent(line: str) -> None:
    pass


def make(path: Path, results: Path, options: Options = Options(), say: Callable[[str], None] = _silent) -> Plan:
    """The plan of a grid file; nothing is written.

    Raises GridError with all mistakes of the grid, each with its place.
    """
    stamp, site = stamp_of(path, options.gpu, options.hardware), read_site(options.hardware)
    grid = config.read(path, registries(), site.devices)
    lock = locks.read(locks.path_of(path))
    if options.recalibrate:
        lock.forget()
    measured = everything_measured(results, site.devices)
    device = find(options.gpu or (grid.file.hardware.gpu if grid.file.hardware else "cpu"), site.devices)
    keep, count = options.keep_counts, _count(grid, device)
    with counter(results, keep, say) as counts, memories(results, keep, device, count, say) as memory:
        budgets = _budgets(grid, counts, lock, measured, site)
        resolver = Resolver(grid, Choices(results, say), counts, memory, budgets, count)
        runs = _runs(grid, resolver, say)
        evaluation = evaluation_of(grid, resolver.choices.pools(), resolver.problems)
        baseline = baseline_of(grid, runs, resolver.problems)
        if resolver.problems or resolver.misfits:
            raise GridError(in_order([*resolver.problems, *resolver.misfits]))
        pools = resolver.choices.pools()
        estimate = any(pool.fingerprint is None for pool in pools)
        facts = [resolver.facts(run, grid.name, estimate) for run in runs]
    taken = Taken(device, count, _nodes(grid, device))
    bare = [planned(run.spec, fact, taken) for run, fact in zip(runs, facts, strict=True)]
    predicted = list(map(Predictor(measured, site.devices, sets_of(evaluation)).row, bare))
    check_claim(grid, bare, evaluation, resolver.problems)
    if resolver.problems:
        raise GridError(in_order(resolver.problems))
    rows = with_made_predictions(results, grid.name, predicted, site.devices)
    keys = [fact.run_id or run_id(run.spec) for run, fact in zip(runs, facts, strict=True)]
    return Plan(
        grid=grid,
        results=results,
        runs=runs,
        evaluation=evaluation,
        pools=pools,
        lock=lock,
        stamp=with_sources(stamp, [(pool.located, pool.state) for pool in pools]),
        device=device,
        site=site,
        estimate=estimate,
        baseline=baseline,
        held=hold(results, grid.name, rows, keys, evaluation["evaluation_id"], grid.file.limit),
    )


def _count(grid: Grid, device: Device) -> int:
    """GPUs a run; on a CPU one process trains it, wherever the grid says that it will run."""
    hardware = grid.file.hardware
    return hardware.count if hardware and not device.is_cpu else 1


def _nodes(grid: Grid, device: Device) -> int:
    hardware = grid.file.hardware
    return hardware.nodes if hardware and not device.is_cpu else 1


def _budgets(grid: Grid, counts: Counter, lock: Lock, measured: list[Measured], site: Site) -> Budgets:
    hardware = grid.file.hardware
    device = find(hardware.gpu, site.devices) if hardware else None
    return Budgets(lock, counts, device, _count(grid, device) if device else 1, measured)


def _runs(grid: Grid, resolver: Resolver, say: Callable[[str], None]) -> list[Run]:
    """Each distinct run once, in the order of the file; a repeated one remembers all its sub-grids."""
    runs: dict[str, Run] = {}
    for number, point in enumerate(points(grid), start=1):
        for run in resolver.runs(point):
            first = runs.setdefault(run_id(run.spec), run)
            if point.sub_grid.name not in first.sub_grids:
                first.sub_grids.append(point.sub_grid.name)
            if run.purpose == "study":
                first.purpose = "study"
        if number % EVERY == 0:
            say(f"{number:,} points of the grid resolved")
    return list(runs.values())
