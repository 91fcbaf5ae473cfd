"""``study data score``: image-text similarity of every pair of a source."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.cli import data_source, options
from study.cli.data_shown import show
from study.cli.telling import say
from study.errors import DataError

if TYPE_CHECKING:
    from study.data.source import Source
    from study.scoring.request import OpenClipRef, Request, RunsRef

EXAMPLES = """\
  study data score table --set path=pairs.parquet --model ViT-B-32 --pretrained weights.safetensors
  study data score table --set path=pairs.parquet --model ViT-B-32 --pretrained openai --download --processes 8
  study data score embedded --run r0123456789ab --run r123456789abc --out scores
Weights are a file of yours, or a tag of open_clip's that was fetched before; only --download fetches them. Images
are prepared as the tag says, for a file as the tags of its model do; where these differ --as-tag says which. Several
runs score a pair by the mean of those that did not train on it. What is scored stays when the command is stopped:
the same command goes on. Processes take a GPU each where there are GPUs. Give the scores back to the source with
score_column: COLUMN and, where they were written under --out, scores: DIR."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source, the model, where the scores go, and how they are computed."""
    data_source.source(parser)
    parser.add_argument("--model", help="a model of open_clip, with --pretrained; or local-dir:DIR, which has its own")
    parser.add_argument("--pretrained", metavar="FILE", help="its weights: a file, or a tag of open_clip's")
    parser.add_argument("--as-tag", metavar="TAG", help="weights in a file take images as those of this tag do")
    parser.add_argument("--download", action="store_true", help="fetch weights and tokenizer if they are not here")
    parser.add_argument("--run", action="append", default=[], metavar="RUN", help="a trained run, instead of --model")
    parser.add_argument("--seen-too", action="store_true", help="let runs score the pairs they were trained on, too")
    parser.add_argument("--column", help="the name of the score's column (default: by the model)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the scores (default: beside the data)")
    parser.add_argument("--processes", type=options.at_least(1), default=1, metavar="N", help="at once (default 1)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default auto)")
    parser.add_argument("--threads", type=options.at_least(1), metavar="N", help="CPU threads of a process")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto", help="of open_clip's model")
    parser.add_argument("--batch", type=options.at_least(1), default=256, metavar="N", help="pairs at once on a device")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be scored, and where it is written")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Score what is left, then say what the scores are."""
    from study.scoring.start import check, check_scored, score, summary

    request, source = _request(args), data_source.opened(args)
    if args.dry_run:
        check(request, source)
        show(_planned(request, source), args.json)
        return 0
    progress = score(request, source, args.processes, say)
    say(progress.line())
    told = summary(source, request.out, request.column)
    show({**told, **progress.done.model_dump()}, args.json)
    check_scored(source, told)
    return 0


def _request(args: argparse.Namespace) -> Request:
    from study.scoring.request import Request, default_column

    by = _by(args)
    return Request(
        source=data_source.chosen(args),
        results=args.results,
        by=by,
        column=args.column or default_column(by),
        out=args.out,
        device=args.device,
        threads=args.threads,
        precision=args.precision,
        batch=args.batch,
    )


def _by(args: argparse.Namespace) -> OpenClipRef | RunsRef:
    from study.scoring.request import OpenClipRef, RunsRef, local_folder

    if bool(args.run) == bool(args.model or args.pretrained):
        raise DataError("say who scores: --model NAME --pretrained FILE, or --run RUN")
    if args.run:
        runs = tuple(options.run_folder(given, args.results) for given in args.run)
        return RunsRef(runs=runs, seen_too=args.seen_too)
    pretrained = args.pretrained or ""
    if not args.model or bool(pretrained) == (local_folder(args.model) is not None):
        raise DataError("--model and --pretrained belong together, but for local-dir:DIR, which has weights of its own")
    if args.as_tag and not Path(pretrained).is_file():
        raise DataError(f"--as-tag is for a file of weights, not for {pretrained or args.model}")
    return OpenClipRef(model=args.model, pretrained=pretrained, as_tag=args.as_tag, download=args.download)


def _planned(request: Request, source: Source) -> dict[str, Any]:
    from study.scoring.files import ScoreFiles
    from study.scoring.request import Scored

    scored = Scored(column=request.column, model="", pretrained="", weights="", how="")
    files = ScoreFiles(source, request.out, scored)
    pieces = source.index().pieces
    there = [piece for piece in pieces if files.has_column(piece)]
    return {
        "pairs": sum(piece.pairs for piece in pieces),
        "files": len(pieces),
        "column": request.column,
        "first_file": str(files.path(pieces[0])) if pieces else None,
        "files_with_this_column": len(there),
        "pairs_left": sum(piece.pairs for piece in pieces) - sum(piece.pairs for piece in there),
    }
