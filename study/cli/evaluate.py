"""``study evaluate``: score the trained model of one run."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options
from study.cli.log import Log, label
from study.records import Scores

if TYPE_CHECKING:
    from study.evaluate.asked import Evaluation
    from study.evaluate.embed import Subject

EXAMPLES = """\
  study evaluate r0123456789ab                      on its data source's own sets
  study evaluate r0123456789ab --study quickstart   on what this study asks for
  study evaluate results/runs/r0123456789ab --evaluation mine.json
where mine.json is, for example,
  {"evaluation_id": "mine", "metrics": ["zeroshot", "retrieval"],
   "sets": ["embedded/test", {"name": "imagenet1k", "root": "/data/in1k", "metrics": ["linear_probe"]}]}
Scores that the run has are kept; only what is missing is computed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Paths and switches."""
    parser.add_argument("run", help="a run id or the run's folder")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--study", help="score the run as this study asks")
    asked.add_argument("--evaluation", type=Path, metavar="FILE", help="the data sets and metrics, as JSON")
    parser.add_argument("--log", type=Path, help="write the progress lines to this file, too")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all that are there)")
    options.results(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Score what is missing, then show all scores that were asked for."""
    started = time.monotonic()
    from study.evaluate.run import run_evaluation

    folder = options.run_folder(args.run, args.results)
    log = Log(args.log, label(folder, args.results, args.study))
    say = log.to_file if args.json else log  # only JSON on the console
    evaluation = _evaluation(args, folder)
    scores = run_evaluation(folder, evaluation, lambda: _trained(args, folder, started), say)
    _show(scores, {item.name for item in evaluation.asked()}, args.json)
    return 0


def _evaluation(args: argparse.Namespace, folder: Path) -> Evaluation:
    from study.evaluate.asked import Evaluation, read_evaluation

    if args.evaluation or args.study:
        return read_evaluation(args.evaluation or args.results / args.study / "evaluation.json")
    from study.config.spec import read_spec
    from study.data.place import located, open_source

    data = read_spec(folder / "spec.json").data
    sets = open_source(located(data, folder.parents[1])).evaluation_sets()
    return Evaluation(evaluation_id="own", sets=sets)


@contextmanager
def _trained(args: argparse.Namespace, folder: Path, started: float) -> Iterator[Subject]:
    """The run's model, while what its scoring takes is reserved in the study's ledger."""
    from study.hardware import cpu_threads
    from study.plan.account import claim_scoring
    from study.plan.due import Place

    claimed = claim_scoring(folder, args.results, args.study, Place(1, args.threads or cpu_threads()))
    with claimed.held(started) if claimed else nullcontext(), _loaded(args, folder) as subject:
        yield subject


@contextmanager
def _loaded(args: argparse.Namespace, folder: Path) -> Iterator[Subject]:
    from study.config.spec import read_spec
    from study.data.place import located
    from study.models.loading import load_models

    load_models()
    from study.evaluate.embed import Subject
    from study.train.device import place
    from study.train.setup import load_trained

    spec = read_spec(folder / "spec.json")
    with place(args.device, args.threads) as here:
        arch, model, strategy = load_trained(folder, spec, here.device)
        phase = strategy.phases(spec, arch)[-1]
        precision = here.precision(spec.precision)
        yield Subject(arch, model, strategy, phase, located(spec.data, folder.parents[1]), here.device, precision)


def _show(scores: Scores, datasets: set[str], as_json: bool) -> None:
    asked = [score for score in scores.scores if score.dataset in datasets]
    if as_json:
        print(json.dumps([score.model_dump() for score in asked], indent=2))
    elif sys.stdout.isatty() and asked:
        from rich.console import Console
        from rich.table import Table

        table = Table("data set", "metric", "value", "chance", "images")
        for score in asked:
            value = "-" if score.value is None else f"{score.value:.2%}"
            chance = "-" if score.chance is None else f"{score.chance:.2%}"
            table.add_row(score.dataset, score.metric, value, chance, f"{score.n:,}")
        Console().print(table)
