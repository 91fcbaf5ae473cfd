"""``study data``: actions on a data source, each a module of its own."""

from __future__ import annotations

import argparse
from importlib import import_module
from types import ModuleType

# Each has EXAMPLES, add_arguments and run, as a command has.
ACTIONS = {
    "inspect": "what a source holds, in numbers",
    "subset": "how many pairs a subset has, and what is in it",
    "reshard": "a subset written once as shards of its own, in random order",
    "score": "image-text similarity of every pair, by a model of yours or of this project",
}
EXAMPLES = """\
  study data inspect embedded
  study data subset embedded --quality 0.5 --size 1000
  study data score table --set path=pairs.parquet --model ViT-B-32 --pretrained weights.safetensors
  study data ACTION --help               arguments and examples of an action"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One parser an action."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for name, text in ACTIONS.items():
        module = _module(name)
        action = actions.add_parser(
            name,
            help=text,
            description=f"{text.capitalize()}.",
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Run the action."""
    code: int = _module(args.action).run(args)
    return code


def _module(action: str) -> ModuleType:
    return import_module(f"study.cli.data_{action}")
