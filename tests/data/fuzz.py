"""Broken shards and tables from their files to first batches: python -m tests.data.fuzz FOLDER FIRST COUNT.

Prints, as JSON, how the cases ended and by how much the process has grown. It ends with a traceback at the first error
that is none of the user's, and with all threads' when a case takes longer than LIMIT.
"""

import faulthandler
import json
import resource
import shutil
import sys
from collections import Counter
from pathlib import Path

from study.data import SOURCES
from study.data.stream import Stream
from study.data.streaming import ShardStream, Share, shards_of
from study.data.subset import ensure
from study.errors import StudyError
from study.models import resolve, tokenizer
from study.records import PluginRef
from tests.data import mutations, shards

ENDED = "ends the process that reads it"  # in the words of an error
LIMIT = 120  # seconds, a hundred times what a case takes
SIZE, LENGTH, BATCH = 16, 8, 8
KINDS = (
    ("webdataset", mutations.write_pool),
    ("table", mutations.write_table),
    ("webdataset", mutations.write_pool),
    ("webdataset", mutations.write_pool),
    ("table", mutations.write_table),
    ("datacomp", mutations.write_metadata),
    ("webdataset", mutations.write_pool),
)


def streamed(source, subset, words):
    """The skips of a pool of shards that is streamed."""
    parts = shards_of(source.index())
    stream = ShardStream(parts, subset, words, 0, SIZE, LENGTH, Share(BATCH), threads=2, waits=())
    for first in range(0, 3 * BATCH, BATCH):
        batch = stream.batch(first, BATCH)
        assert batch.images.shape == (BATCH, SIZE, SIZE, 3)
        assert batch.texts.shape == (BATCH, LENGTH)
    stream.workers.close()
    return stream.skipped


def decoded(source, subset, words):
    """The skips of a pool that is decoded before it is trained on."""
    samples = source.samples(subset.uids())
    stream = Stream(samples, words, 0, SIZE, LENGTH)
    assert stream.batch(0, BATCH).images.shape == (BATCH, SIZE, SIZE, 3)
    return samples.skipped


def case(folder, number, rows, words):
    """How one case ended: refused, whole, or with things left out; and how often by which reason."""
    name, write = KINDS[number % len(KINDS)]
    kind = SOURCES.load(name)
    try:
        source = kind(kind.Config(name=name, **write(folder / "data", number, rows)), folder / "results")
        pool = source.pool()
        assert pool["uid"].n_unique() == pool.height == source.index().pairs
        quality = 0.5 if source.index().scored and pool.height > 1 else 1.0
        subset = ensure(folder / "results", source, quality, max(1, round(quality * pool.height / 2)))
        read = decoded if name == "table" or number % 2 else streamed
        reasons = {**source.left_out(), **read(source, subset, words)}
    except StudyError as error:
        return f"{name} refused", {ENDED: 1} if ENDED in str(error) else {}
    return f"{name} {'with things left out' if reasons else 'whole'}", reasons


def main(folder, first, count):
    folder.mkdir(exist_ok=True)
    words = tokenizer(resolve(PluginRef(name="vit_pico")))
    embedded = SOURCES.load("embedded")
    rows = list(shards.pairs(embedded(embedded.Config(name="embedded")), 12))
    ends, reasons, before = Counter(), Counter(), 0
    for number in range(first, first + count):
        place = folder / str(number)
        faulthandler.dump_traceback_later(LIMIT, exit=True)
        try:
            end, found = case(place, number, rows, words)
        except BaseException:
            print(f"case {number}", file=sys.stderr)
            raise
        ends[end] += 1
        reasons.update(found)
        before = before or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        shutil.rmtree(place)
    faulthandler.cancel_dump_traceback_later()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10
    print(json.dumps({"ends": ends, "reasons": reasons, "grown_mib": grown}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
