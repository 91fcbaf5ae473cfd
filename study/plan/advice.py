"""What a plan advises about its data: subsets that are cheaper to write once as shards of their own."""

from __future__ import annotations

from collections import defaultdict

from study.data.streaming import CACHE_BYTES
from study.data.streaming.fetch import WHOLE_SHARE
from study.plan.choices import Pool
from study.plan.make import Plan
from study.predict.resharding import Reading
from study.records import DataRef

_SCALES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"))


def advice(plan: Plan) -> list[str]:
    """A line a subset that resharding makes cheaper to read by a clear factor, over all runs that stream it."""
    pools = {pool.fingerprint: pool for pool in plan.pools if pool.stored is not None and pool.fingerprint}
    passes: dict[tuple[str, float, int], float] = defaultdict(float)
    for run, row in zip(plan.runs, plan.rows, strict=True):
        data = run.spec.data
        if row["left_out"] is None and data.fingerprint in pools and _is_streamed(data, row["image_size"]):
            passes[data.fingerprint, data.quality, data.unique_pairs] += row["samples_seen"] / data.unique_pairs
    told = (_line(pools[pool], quality, pairs, epochs) for (pool, quality, pairs), epochs in passes.items())
    return [line for line in told if line is not None]


def _is_streamed(data: DataRef, image_size: int) -> bool:
    """Decoded copies of smaller subsets are kept: their shards are read once."""
    return 3 * image_size**2 * data.unique_pairs > CACHE_BYTES


def _line(pool: Pool, quality: float, pairs: int, epochs: float) -> str | None:
    assert pool.stored is not None
    reading = Reading(pool.stored.bytes, pool.pairs, pairs, epochs, pool.stored.remote, WHOLE_SHARE)
    if not reading.is_worth_it:
        return None
    settings = " ".join(f"--set {name}={value}" for name, value in pool.located.options.items())
    return (
        f"advice: {pairs:,} of {pool.pairs:,} pairs are read {epochs:.3g} times, {_size(reading.streamed_bytes)}; "
        f"written once as shards of their own, which take {_size(reading.subset_bytes)} of disk, it is "
        f"{_size(reading.resharded_bytes)}: study data reshard {pool.located.name} {settings} --quality {quality:g} "
        f"--size {pairs} --out DIR (a pool of its own, whose runs have ids of their own)"
    )


def _size(count: float) -> str:
    scale, unit = next(((scale, unit) for scale, unit in _SCALES if count >= scale), _SCALES[-1])
    return f"{count / scale:.3g} {unit}"
