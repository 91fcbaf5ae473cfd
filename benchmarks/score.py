"""Pairs a second of `study data score`'s work on one process, and of the model alone on images that are decoded.

    python benchmarks/score.py                          # the embedded pairs by a small tower: a minute
    python benchmarks/score.py --arch ViT-B-32 --pairs 512

The two take turns, so that what else the machine does falls on both; the share is what reading, decoding, tokens and
writing leave of the model's own speed. Weights are random: they change no time.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import torch

from study.data.embedded import Embedded
from study.data.index import Whole
from study.evaluate.embed import Subject
from study.models import build, resolve
from study.records import PluginRef
from study.scoring.files import ScoreFiles
from study.scoring.pairs import decoded_chunks, opened
from study.scoring.request import CHUNK, Scored
from study.scoring.scorer import RunScorer
from study.scoring.similarity import Decoded, similarities
from study.strategies import STRATEGIES
from study.strategies.base import Phase

BATCH = 256


def scorer(arch: str, device: torch.device) -> RunScorer:
    """A model with random weights."""
    found, kind = resolve(PluginRef(name=arch)), STRATEGIES.load("clip")
    phase, source = Phase(1, found.image_size, found.text_length), PluginRef(name="embedded")
    return RunScorer(
        Subject(found, build(found).to(device), kind(kind.Config(name="clip")), phase, source, device), None
    )


def whole(source: Embedded, piece: Whole, model: RunScorer, out: Path) -> None:
    """From the encoded images to a file of scores."""
    files = ScoreFiles(source, out, Scored(column="s", model="", pretrained="", weights="0", how=""))
    starts = range(0, piece.pairs, CHUNK)
    for start, pairs in decoded_chunks(opened(source, piece), starts, CHUNK, {model.frame}):
        found = similarities([model], pairs, BATCH)
        missing = pl.Series([reason or None for reason in found.missing], dtype=pl.String)
        files.write_part(piece, start, list(pairs.uids), pl.Series(found.scores), missing)


def alone(model: RunScorer, images: torch.Tensor, texts: torch.Tensor) -> None:
    """The two towers on pixels and tokens that are there."""
    clip, strategy = model.subject.model, model.subject.strategy
    for at in range(0, len(images), BATCH):
        model.images(images[at : at + BATCH])
        strategy.text_embedding(clip, texts[at : at + BATCH].to(model.subject.device))


def prepared(pairs: Decoded, model: RunScorer) -> tuple[torch.Tensor, torch.Tensor]:
    """All images and all tokens."""
    images = torch.from_numpy(np.array(pairs.pixels[model.frame].images)).permute(0, 3, 1, 2)
    return images, model.subject.tokenizer(list(pairs.captions), model.subject.phase.text_length)


def measure(arch: str, count: int, repeats: int, device: torch.device) -> None:
    """Print both speeds and their ratio, medians over repeats."""
    source, model = Embedded(Embedded.Config()), scorer(arch, device)
    piece = Whole(source.pool().head(count))
    (_, pairs), *_ = decoded_chunks(opened(source, piece), [0], piece.pairs, {model.frame})
    images, texts = prepared(pairs, model)
    seconds: dict[str, list[float]] = {"whole": [], "alone": []}
    for _ in range(repeats + 1):  # the first warms up
        with TemporaryDirectory() as folder:
            begin = time.perf_counter()
            whole(source, piece, model, Path(folder))
            middle = time.perf_counter()
        start = time.perf_counter()
        alone(model, images, texts)
        seconds["whole"].append(middle - begin)
        seconds["alone"].append(time.perf_counter() - start)
    speeds = {name: piece.pairs / statistics.median(times[1:]) for name, times in seconds.items()}
    shares = [a / w for w, a in zip(seconds["whole"][1:], seconds["alone"][1:], strict=True)]
    print(f"{arch} on {device}, {piece.pairs:,} pairs, {torch.get_num_threads()} threads")
    print(f"  model alone     {speeds['alone']:10,.0f} pairs a second")
    print(f"  study data score{speeds['whole']:10,.0f} pairs a second, {statistics.median(shares):.0%} of it")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", default="vit_nano")
    parser.add_argument("--pairs", type=int, default=4096)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    with torch.no_grad():
        measure(arguments.arch, arguments.pairs, arguments.repeats, torch.device(arguments.device))
