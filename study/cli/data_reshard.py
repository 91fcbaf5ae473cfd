"""``study data reshard``: write a subset as shards of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from study.cli import data_source, options
from study.cli.data_shown import show
from study.cli.telling import say

EXAMPLES = """\
  study data reshard webdataset --set shards=pool --set score_column=similarity --quality 0.3 --out best
  study data reshard table --set path=pairs.parquet --size 1M --per-shard 5000 --out shards --processes 8
The shards are a pool of their own, of quality 1, for a grid's
  source: {name: webdataset, shards: best, uid_column: uid, score_column: score}
Images are copied as they are. What is written stays when the command is stopped: the same command goes on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The source, the subset, and the shards."""
    data_source.source(parser)
    data_source.subset(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the shards")
    parser.add_argument(
        "--per-shard", type=options.at_least(1), default=10_000, metavar="N", help="pairs in a shard (default 10000)"
    )
    parser.add_argument("--seed", type=options.at_least(0), default=0, metavar="N", help="of the order (default 0)")
    parser.add_argument(
        "--window", type=options.at_least(1), default=64, metavar="N", help="shards read at once (default 64)"
    )
    parser.add_argument(
        "--max-unreadable",
        type=options.share(zero=True),
        default=0.1,
        metavar="S",
        help="share of a shard's images that may be unreadable (default 0.1)",
    )
    parser.add_argument("--processes", type=options.at_least(1), default=1, metavar="N", help="at once (default 1)")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be written")
    options.as_json(parser)


def run(args: argparse.Namespace) -> int:
    """Write what is missing, then say what is there."""
    from study.data.reshard.run import Reshard, planned, reshard

    job = Reshard(
        source=data_source.chosen(args),
        results=args.results,
        out=args.out,
        quality=args.quality,
        size=data_source.size(args.size),
        per_shard=args.per_shard,
        seed=args.seed,
        window=args.window,
        max_unreadable=args.max_unreadable,
    )
    found = planned(job, say) if args.dry_run else reshard(job, args.processes, say)
    show(found, args.json)
    return 0
