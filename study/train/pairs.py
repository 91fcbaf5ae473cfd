"""A run's training data: a decoded copy of its subset where that is small enough, else its shards while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from study.data.place import open_planned
from study.data.skipped import check
from study.data.stream import Stream
from study.data.streaming import ShardStream, Share, is_streamed, shards_of
from study.data.subset import ensure
from study.data.watch import SILENT, Watch
from study.errors import DataError
from study.models import Arch, tokenizer
from study.records import RunSpec
from study.strategies.base import Phase, Strategy
from study.train.device import Place
from study.train.feed import Feed
from study.train.skipped import Tally


def open_pairs(
    spec: RunSpec,
    arch: Arch,
    strategy: Strategy,
    phases: Sequence[Phase],
    results: Path,
    place: Place,
    study: str | None = None,
    watch: Watch = SILENT,
) -> Feed:
    """The run's subset at the largest image and text that its phases ask for, by the options of a study's plan.

    ``watch`` looks on while a decoded copy is made.

    Raises DataError when the pool is not the one that was planned, or when too much of it cannot be read,
    UnansweredError when a store does not answer, and StorageError when a decoded copy cannot be written.
    """
    source = open_planned(spec.data, results, study)
    if source.fingerprint() != spec.data.fingerprint:
        raise DataError(
            f"the pool of source {spec.data.source.label} has changed since the run was planned "
            f"({source.fingerprint()}, planned {spec.data.fingerprint}); plan again"
        )
    subset = ensure(results, source, spec.data.quality, spec.data.unique_pairs)
    size, length = max(strategy.stored_size(p) for p in phases), max(p.text_length for p in phases)
    index = source.index()
    if is_streamed(index, len(subset), size):
        share = Share(spec.global_batch_size, place.world_size, place.rank)
        shards = ShardStream(shards_of(index), subset, tokenizer(arch), spec.seed, size, length, share)
        return Feed(shards, Tally(shards, max_skipped=source.max_skipped), size, length, place.world_size == 1)
    samples = source.samples(subset.uids(), results / "cache" / "pixels")
    stream = Stream(samples, tokenizer(arch), seed=spec.seed, image_size=size, text_length=length, watch=watch)
    check(samples.skipped, len(samples), source.max_skipped)
    return Feed(stream, Tally(stream, samples.skipped), size, length, place.world_size == 1)
