"""``study models``: architectures with parameters and multiply-adds."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from study.cli import options

EXAMPLES = """\
  study models                                   the small members, made for CPUs
  study models ViT-B-32 timm:swin_tiny_patch4_window7_224
  study models --all --family convnext           open_clip's models too; counted once, minutes the first time"""

FAMILIES = ["vit", "resnet", "convnext", "swin", "other"]
NUMBERS = ("image_params_m", "text_params_m", "image_gmacs", "text_gmacs")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Names, or which of all."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="architectures, as in a grid; none = the small ones")
    parser.add_argument("--family", action="append", default=[], choices=FAMILIES, help="only these families")
    parser.add_argument("--all", action="store_true", help="open_clip's models too")
    options.as_json(parser)
    options.results(parser)


def run(args: argparse.Namespace) -> int:
    """Print one row an architecture; counts are kept in the results folder."""
    from study.measure.catalogue import listed, rows
    from study.measure.counts import CountsCache

    names = args.names or listed(args.all)
    cache = CountsCache(args.results / "cache" / "counts.json")
    found = list(_shown(rows(names, args.family, cache), len(names)))
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        _show(found)
    return 0


def _shown(found: Iterator[dict[str, Any]], total: int) -> Iterator[dict[str, Any]]:
    """The rows, with what is being counted on a terminal's last line: the first time takes a while."""
    for number, row in enumerate(found, 1):
        if sys.stderr.isatty():
            print(f"\r\x1b[Kcounted {number} of {total}: {row['name']}", end="", file=sys.stderr, flush=True)
        yield row
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _show(found: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table

    from study.cli.console import table_console

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for title in ("name", "family"):
        table.add_column(title, no_wrap=True)
    for title in ("px", "tokens", "image\nM", "text\nM", "image\nGMACs", "text\nGMACs"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("notes")
    for row in found:
        if "reason" not in row:
            numbers = (f"{row[name]:.3g}" for name in NUMBERS)
            table.add_row(
                row["name"], row["family"], str(row["image_size"]), str(row["text_length"]), *numbers, _notes(row)
            )
    console = table_console()
    console.print(table)
    console.print("M = parameters in millions; GMACs = multiply-adds in 1e9 of a forward pass of one image or text")
    for row in found:
        if "reason" in row:
            console.print(f"not available: {row['reason']}")


def _notes(row: dict[str, Any]) -> str:
    from study.plan.cost import uncounted

    notes = ["drops patches"] if row["can_drop_patches"] else []
    notes += ["batch norm"] if row["has_batch_norm"] else []
    notes += [uncounted(kind, share) for kind, share in row["uncounted"].items()]
    return ", ".join(notes)
