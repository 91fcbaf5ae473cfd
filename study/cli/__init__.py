"""The ``study`` command: one module a subcommand, imported only when it is the one asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import NoReturn

from study.errors import StudyError
from study.registry import unknown_name

COMMANDS = {
    "plan": "expand a grid into runs; say what each will cost",
    "data": "look at a data source and its subsets",
    "models": "list architectures with parameters and GMACs",
    "hardware": "list devices with their peak, power, price and source",
    "train": "train one run from its spec.json, resuming where it stopped",
    "evaluate": "score the model of one run",
    "export": "write the model of one run in open_clip's form",
    "submit": "hand a study's runs to a cluster, or to this machine, with a last job that makes the report",
    "status": "say what a study has spent, how far its runs are, and when it should end",
    "import": "turn results of others into a study's two tables",
    "collect": "gather all runs of a study into two tables",
    "fit": "fit scaling laws to a study's tables",
    "report": "render a study's report page",
    "claims": "check papers' findings on the studies that were run for them",
    "compare": "say what changed between two studies, and whether beyond the spread",
    "lookup": "ask which option is best within a budget",
    "flops": "break down what a model and its training compute",
    "probe": "time a few steps of each configuration of a grid on this machine",
    "backtest": "try what this program predicts on what is known",
    "retry": "forget what failed, so that the next snakemake tries it again",
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if message.endswith("expected one argument"):
            message += "; one that begins with a dash stands after an equals sign, as in --extra=--reservation=mine"
        raise StudyError(f"{message}\nsee: {self.prog} --help")


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    return (
        "usage: study COMMAND [ARGUMENTS]\n\n"
        "Plan, run, measure and compare CLIP pretraining under a resource budget.\n\n"
        f"commands, in the order of the flow:\n{lines}\n\n"
        "examples:\n"
        "  study plan grids/quickstart.yaml       runs, GPU-hours and memory, before anything runs\n"
        "  snakemake --cores all                  run grids/quickstart.yaml and render its report\n"
        "  study lookup --study quickstart --budget 1e13\n"
        "  study COMMAND --help                   arguments and examples of a command"
    )


def _parse(name: str, arguments: Sequence[str]) -> int:
    if name not in COMMANDS:
        raise unknown_name("command", name, list(COMMANDS))
    module = import_module(f"study.cli.{name}{'_' * iskeyword(name)}")
    parser = _Parser(
        prog=f"study {name}",
        description=f"{COMMANDS[name].capitalize()}.",
        epilog=f"examples:\n{module.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(arguments))
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; 0 = done, 1 = done but the answer is no, 2 = something to mend, 75 = start it again."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if given[0] == "--version":
        from importlib.metadata import version

        print(version("clip-scaling-study"))
        return 0
    try:
        return _parse(given[0], given[1:])
    except StudyError as error:
        print(f"study: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("study: interrupted; run the same command again to go on", file=sys.stderr)
        return 130
