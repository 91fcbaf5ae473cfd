"""What a plan says about its data: room for decoded copies, and subsets that are cheaper to write once as shards."""

from __future__ import annotations

from collections import defaultdict
from shlex import quote

from study.data.shards.secrets import shown
from study.data.streaming.fetch import WHOLE_SHARE
from study.io.sizes import size
from study.plan.choices import Pool
from study.plan.copies import copies, is_streamed, stored_side
from study.plan.make import Plan
from study.predict.resharding import Reading


def advice(plan: Plan) -> list[str]:
    """A line a subset that resharding makes cheaper to read by a clear factor, over all runs that stream it.

    Before them one on the disk that decoded copies of other subsets take, if that is much.
    """
    pools = {pool.fingerprint: pool for pool in plan.pools if pool.stored is not None and pool.fingerprint}
    passes: dict[tuple[str, float, int], float] = defaultdict(float)
    for run, row in zip(plan.runs, plan.rows, strict=True):
        data = run.spec.data
        if row["left_out"] is None and data.fingerprint in pools and is_streamed(data, stored_side(run), True):
            passes[data.fingerprint, data.quality, data.unique_pairs] += row["samples_seen"] / data.unique_pairs
    told = (_line(pools[pool], quality, pairs, epochs) for (pool, quality, pairs), epochs in passes.items())
    return [*copies(plan), *(line for line in told if line is not None)]


def _line(pool: Pool, quality: float, pairs: int, epochs: float) -> str | None:
    assert pool.stored is not None
    reading = Reading(pool.stored.bytes, pool.pairs, pairs, epochs, pool.stored.remote, WHOLE_SHARE)
    if not reading.is_worth_it:
        return None
    settings = " ".join(_setting(name, value) for name, value in pool.located.options.items())
    return shown(
        f"advice: {pairs:,} of {pool.pairs:,} pairs are read {epochs:.3g} times, {size(reading.streamed_bytes)}; "
        f"written once as shards of their own, which take {size(reading.subset_bytes)} of disk, it is "
        f"{size(reading.resharded_bytes)}: study data reshard {pool.located.name} {settings} --quality {quality!r} "
        f"--size {pairs} --out DIR (a pool of its own, whose runs have ids of their own)"
    )


def _setting(name: str, value: object) -> str:
    """An option as the command takes it, in a shell; one of several values once for each."""
    values = value if isinstance(value, list) else [value]
    texts = ("none" if one is None else one for one in values)
    return " ".join(f"--set {quote(f'{name}={text}')}" for text in texts)
