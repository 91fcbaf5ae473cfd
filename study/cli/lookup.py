"""``study lookup``: which option is best within a budget, and what a score costs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options
from study.errors import StudyError

if TYPE_CHECKING:
    from study.hardware import Device
    from study.lookup import Budget

EXAMPLES = """\
  study lookup --gpu-hours 200 --gpu h100 --pairs 50M
  study lookup --target imagenet1k:0.60 --gpu h100          what does it cost?
  study lookup --study quickstart --budget 1e13 --strategy clip
  study lookup --study quickstart --samples 16K --quality 0.5 --json
Ends with 1 when nothing that is known fits the budget, or reaches the target."""

OWN = Path("hardware.yaml")  # FILE of study.config.site, which loads pydantic


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the budget in one of three units, the target, the device, and what to look at."""
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--gpu-hours", metavar="H", help="device-hours of one run, start to end")
    budget.add_argument("--budget", metavar="FLOPS", help="training FLOPs of one run, such as 1e15")
    budget.add_argument("--samples", metavar="N", help="samples seen by one run, such as 16384 or 10M")
    parser.add_argument("--target", metavar="[SET:]SCORE", help="a score to reach, 0 to 1, such as imagenet1k:0.60")
    parser.add_argument("--gpu", metavar="NAME", help="the device that hours are on (default: as measured)")
    parser.add_argument("--gpus", type=int, metavar="N", help="GPUs of a run (default 8)")
    parser.add_argument("--pairs", metavar="N", help="image-text pairs at hand, before any filter, such as 50M")
    parser.add_argument(
        "--quality", metavar="Q", help="share of the pool that is kept, such as 0.5, or a filter's name"
    )
    parser.add_argument("--strategy", metavar="NAME", help="only this one, with or without its options")
    parser.add_argument("--arch", metavar="NAME", help="only this architecture")
    parser.add_argument("--family", metavar="NAME", help="only this family of architectures")
    parser.add_argument(
        "--study",
        action="append",
        metavar="NAME",
        help="whose results to ask; may be repeated (default: all, else published)",
    )
    parser.add_argument("--dataset", help="evaluation set (default: that of most studies)")
    parser.add_argument("--metric", help="as the scores table names it (default: that of most studies)")
    parser.add_argument("--top", type=int, default=10, metavar="N", help="options to show (default 10)")
    options.hardware(parser)
    options.results(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Print the ranked answer; 1 when nothing fits."""
    from study.lookup import lookup

    dataset, target = _target(args)
    answer = lookup(
        args.study,
        _budget(args),
        args.results,
        dataset,
        args.metric,
        args.top,
        target=target,
        gpu=_device(args),
        gpus=args.gpus,
        pairs=None if args.pairs is None else _number("--pairs", args.pairs, "50M"),
        quality=_quality(args.quality),
        strategy=args.strategy,
        arch=args.arch,
        family=args.family,
    )
    if args.json:
        print(json.dumps(answer.as_dict(), indent=2, ensure_ascii=False))
    else:
        from study.cli.lookup_shown import show

        show(answer)
    return 0 if answer.fits else 1


def _budget(args: argparse.Namespace) -> Budget | None:
    from study.lookup import Budget

    if args.budget is not None:
        return Budget("train_flops", _number("--budget", args.budget, "1e19"))
    if args.gpu_hours is not None:
        return Budget("gpu_hours", _number("--gpu-hours", args.gpu_hours, "200"))
    return None if args.samples is None else Budget("samples_seen", _number("--samples", args.samples, "10M"))


def _target(args: argparse.Namespace) -> tuple[str | None, float | None]:
    """The data set to look at and the score to reach."""
    if args.target is None:
        return args.dataset, None
    named, _, text = args.target.rpartition(":")
    if named and args.dataset not in (None, named):
        raise StudyError(f"--target is on {named}, --dataset is {args.dataset}: leave out one of them")
    try:
        return named or args.dataset, float(text)
    except ValueError:
        raise StudyError(f"--target {args.target!r}: must be a score from 0 to 1, such as imagenet1k:0.60") from None


def _device(args: argparse.Namespace) -> Device | None:
    """By its name in the table, or in the user's own where there is one, which takes a moment to read."""
    from study.hardware import BUILT_IN, find

    if args.gpu is None:
        return None
    if args.hardware is None and not OWN.exists():
        return find(args.gpu, BUILT_IN.devices)
    from study.config.site import read_site

    return find(args.gpu, read_site(args.hardware or OWN).devices)


def _quality(text: str | None) -> float | str | None:
    """A share where it is a number, else a name."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _number(option: str, text: str, example: str) -> float:
    from study.lookup.words import SUFFIXES

    factor = SUFFIXES.get(text[-1:].upper(), 1.0)
    try:
        value = float(text[:-1] if factor > 1 else text) * factor
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise StudyError(f"{option} {text!r}: must be a number greater than 0, such as {example}")
    return value
