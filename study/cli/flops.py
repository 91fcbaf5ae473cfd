"""``study flops``: what a model and its training compute, by tower, module and phase."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from study.cli import options
from study.cli.telling import say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EXAMPLES = """\
  study flops ViT-B-32
  study flops vit_nano --strategy reclip --depth 3
  study flops timm:convnext_tiny --image-size 160 --text-length 32
  study flops ViT-B-16 --strategy '{name: flip, mask_ratio: 0.75}' --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is trained, and how."""
    size, length, count = (options.at_least(least) for least in (8, 3, 1))  # of a grid's settings
    parser.add_argument("arch", metavar="ARCH", help="architecture as in a grid: a name, or a mapping with options")
    parser.add_argument("--strategy", default="clip", metavar="S", help="how it is trained (default clip)")
    parser.add_argument("--batch", type=count, default=256, metavar="B", help="pairs a step (default 256)")
    parser.add_argument("--image-size", type=size, metavar="N", help="side in pixels (default: the architecture's own)")
    parser.add_argument("--text-length", type=length, metavar="N", help="tokens (default: the architecture's own)")
    parser.add_argument(
        "--depth", type=options.at_least(0), default=2, metavar="D", help="levels of modules shown (default 2)"
    )
    parser.add_argument("--checkpointing", action="store_true", help="what activation checkpointing would add, too")
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Print a table of modules and one of phases; counts are kept in the results folder."""
    from study.config.options import reference
    from study.measure.counts import CountsCache
    from study.plan.cost import Counter
    from study.plan.sketch import answer, sketch

    made = sketch(reference(args.arch), reference(args.strategy), args.batch, args.image_size, args.text_length)
    counter = Counter(CountsCache(args.results / "cache" / "counts.json"), say)
    found = answer(made, counter, args.depth, args.checkpointing)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        _show(found)
    return 0


def _show(found: dict[str, Any]) -> None:
    from study.cli.console import table_console

    console = table_console()
    sizes = f"{found['image_size']} px, {found['text_length']} tokens, {found['params_m']:.4g} M parameters"
    console.print(f"[bold]{found['arch']}[/bold]  {sizes}")
    console.print("GFLOPs of an image or a text; % of both towers' forward pass; training is forward and backward")
    _show_modules(console, found)
    console.print(f"[bold]{found['strategy']}[/bold]  GFLOPs of training on a pair, in batches of {found['batch']:,}")
    console.print("images, texts: passes of each tower; beside: modules beside the towers, and the loss's products")
    _show_phases(console, found["phases"])
    _show_sample(console, found)


def _show_sample(console: Console, found: dict[str, Any]) -> None:
    from study.plan.cost import uncounted

    whole, forward, again = found["train_gflops"], found["forward_gflops"], found["recomputed_gflops"]
    console.print(f"a sample: {whole:.4g} GFLOPs, {whole / forward:.3f} x a forward pass of whole images and texts")
    if again is not None:
        console.print(
            f"with activation checkpointing {again:.4g} more, {(whole + again) / forward:.3f} x a forward pass"
        )
    for kind, share in found["uncounted"].items():
        console.print(uncounted(kind, share))


def _show_modules(console: Console, found: dict[str, Any]) -> None:
    table = _table(["module"], ["M parameters", "forward", "%", "training", "x forward"])
    for alike in _alike(found["modules"]):
        part, last = alike[0], alike[-1]["module"].rpartition(".")[2]
        forward, train = part["forward_gflops"], part["train_gflops"]
        name = (part["module"] or part["tower"]) + (f" to {last}, each" if len(alike) > 1 else "")
        table.add_row(
            "  " * part["depth"] + name,
            f"{part['params_m']:.4g}",
            *((f"{forward:.4g}", f"{100 * forward / found['forward_gflops']:.1f}") if forward else ("", "")),
            *((f"{train:.4g}", f"{train / forward:.3f}") if forward else ("", "")),
        )
    console.print(table)


def _alike(modules: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Neighbours that differ in nothing but the number at the end of their names share a line."""
    groups = groupby(modules, lambda part: {**part, "module": re.sub(r"\d+$", "", part["module"])})
    return [list(group) for _, group in groups]


def _show_phases(console: Console, phases: Sequence[dict[str, Any]]) -> None:
    shares = ["samples %", "FLOPs %", "px", "tokens", "patches %", "images", "texts"]
    table = _table([], [*shares, "forward", "image tower", "text tower", "beside", "training"])
    for phase in phases:
        table.add_row(
            *(f"{100 * phase[name]:.1f}" for name in ("samples_share", "flops_share")),
            *(str(phase[name]) for name in ("image_size", "text_length")),
            f"{100 * phase['keep_patches']:.0f}",
            *(str(phase[name]) for name in ("image_passes", "text_passes")),
            *(f"{phase[f'{name}_gflops']:.4g}" for name in ("forward", "image", "text", "beside", "train")),
        )
    console.print(table)


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table
