"""``study import``: results of others as a study."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from study.cli import options

if TYPE_CHECKING:
    from study.imported.run import Imported

EXAMPLES = """\
  study import scaling-laws-openclip/ --name laion      a folder of CSV or JSON files; the format is found out
  study import clip_benchmark results/*.json --name ours
  study import open_clip openclip_results.csv model_profile.csv --name zoo --dry-run
  study import table.csv --mapping mapping.yaml --name theirs
then: study fit NAME; study report NAME. Formats and the mapping are described in docs/import.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files, what they are, and the name that the study gets."""
    from study.imported import FORMATS

    parser.add_argument("given", nargs="+", metavar="FILE", help="files or folders, after the format if it is said")
    parser.epilog = f"{parser.epilog}\n\nformats: {', '.join(FORMATS.names())}"
    parser.add_argument("--name", required=True, help="of the study; one imported before under that name is replaced")
    parser.add_argument("--mapping", type=Path, metavar="YAML", help="which column of a CSV file is what")
    parser.add_argument("--dry-run", action="store_true", help="read and check everything, write nothing")
    options.results(parser)
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write the study; say what it holds and what was left out."""
    from study.imported import FORMATS
    from study.imported.near import doubts
    from study.imported.run import import_study
    from study.strategies import STRATEGIES

    said = args.given[0] if args.given[0] in FORMATS and len(args.given) > 1 else None
    paths = [Path(given) for given in args.given[1 if said else 0 :]]
    imported = import_study(args.results, args.name, paths, said, args.mapping, args.dry_run)
    for doubt in doubts(imported.runs, imported.scores, STRATEGIES.names()):
        print(f"study: {doubt}", file=sys.stderr)
    if args.json:
        print(json.dumps(imported.summary(), indent=2, ensure_ascii=False))
    else:
        _show(imported, args.results / args.name, args.dry_run)
    return 0


def _show(imported: Imported, folder: Path, dry_run: bool) -> None:
    summary = imported.summary()
    print(
        f"{imported.name}: {imported.runs.height} run(s), {imported.scores.height} score(s), read as {imported.format}"
    )
    counted = (
        (imported.repeated, "score(s) stood there once more with the same value, kept once"),
        (imported.marked, "run(s) with a score that is no number from 0 to 1, left out; evaluation_note says which"),
        (summary["runs_without_train_flops"], "run(s) without training FLOPs; note says why"),
    )
    for count, told in counted:
        if count:
            print(f"{count} {told}")
    for note in imported.notes:
        print(f"note: {note}")
    print("nothing is written: --dry-run" if dry_run else folder / "runs.parquet")
