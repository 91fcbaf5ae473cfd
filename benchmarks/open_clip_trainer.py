"""Against open_clip's own trainer on the same model, pairs, batch and device: step for step, and from start to step.

    python benchmarks/open_clip_trainer.py                           # three small towers, one thread: five minutes
    python benchmarks/open_clip_trainer.py --arch ViT-B-32 --batch 8 --steps 15 --starts 0

Needs ``open_clip_train``, which comes with open_clip_torch 2.30 and later, and installs nothing. open_clip reads the
embedded pairs as files named in a CSV, its way for small sets; this program from its own source. Both train the same
towers in fp32 with AdamW and clipped gradients, one thread each.

Step for step: open_clip's ``main`` runs in this process, and its data loader lets a step of this program's loop pass
before each batch that it hands out. With a worker, its batches are decoded by a second process during both kinds of
step, so that it hardly waits for them; without one, it decodes as it goes. This program's images were decoded once.

From start to step: each trainer in a process of its own, by turns, until the first line that follows its first step.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from step import Ratio, program, spec_of, summary

from study import io
from study.data.embedded import parquet_path
from study.models import resolve
from study.models.vocabulary import merges_path
from study.records import PluginRef, run_id
from study.train.device import Place, place
from study.train.setup import open_session

CASES = [("vit_nano", 64), ("resnet_nano", 64), ("convnext_nano", 64)]
WARMUP = 5  # steps that do not count
START = "vit_nano"  # needs nothing of this program to be built by open_clip


def csv_of(folder: Path) -> Path:
    """The training pairs as files and a table of them."""
    rows = pl.read_parquet(parquet_path()).filter(pl.col("split") == "train")
    (folder / "images").mkdir()
    paths = [folder / "images" / str(number) for number in range(rows.height)]
    for path, image in zip(paths, rows["image"], strict=True):
        path.write_bytes(image)
    table = pl.DataFrame({"filepath": list(map(str, paths)), "title": rows["caption"]})
    table.write_csv(folder / "pairs.csv", separator="\t")
    return folder / "pairs.csv"


def config_of(arch: str, folder: Path) -> Path:
    """An architecture as a configuration file of open_clip's, beside which its name is the file's."""
    found = resolve(PluginRef(name=arch))
    config = json.loads(json.dumps({**found.config, "custom_text": True}))
    merges = merges_path(found)
    if merges is not None:
        config["text_cfg"]["tokenizer_kwargs"] = {"bpe_path": str(merges)}
    path = folder / f"same-{arch}.json"
    path.write_text(json.dumps(config))
    return path


def arguments(config: Path, pairs: Path, batch: int, workers: int) -> list[str]:
    """open_clip's command line for it."""
    data = ["--train-data", str(pairs), "--dataset-type", "csv", "--workers", str(workers), "--epochs", "1"]
    training = ["--batch-size", str(batch), "--precision", "fp32", "--grad-clip-norm", "1.0", "--device", "cpu"]
    return ["--model", config.stem, *data, *training, "--logs", str(config.parent / f"logs-{time.time_ns()}")]


class Turns:
    """A data loader in the place of open_clip's own, which lets a step of ours pass before each of its batches."""

    def __init__(self, loader: Any, ours: Callable[[], None], steps: int) -> None:
        self.loader, self.ours = loader, ours
        self.num_batches = min(steps, loader.num_batches)
        self.num_samples = self.num_batches * loader.batch_size
        self.seconds: list[tuple[float, float]] = []

    def __iter__(self) -> Iterator[Any]:
        """Batches; a step of open_clip's lasts from asking for one to asking for the next."""
        batches = iter(self.loader)
        for _ in range(self.num_batches):
            begun = time.perf_counter()
            self.ours()
            between = time.perf_counter()
            yield next(batches)
            self.seconds.append((between - begun, time.perf_counter() - between))


def step_for_step(arch: str, batch: int, workers: int, steps: int, here: Place, folder: Path) -> Ratio:
    """Times of both trainers' steps, by turns in this process."""
    import open_clip
    from open_clip_train import main as trainer

    ours = program(open_session(spec_of(arch, batch), folder, here, None), folder / f"{arch}-{workers}")
    config = config_of(arch, folder)
    open_clip.add_model_config(config)
    turns: list[Turns] = []
    get_data = trainer.get_data

    def by_turns(*given: Any, **named: Any) -> Any:
        data = get_data(*given, **named)
        turns.append(Turns(data["train"].dataloader, ours, steps + WARMUP))
        data["train"].dataloader = turns[0]
        return data

    trainer.get_data = by_turns
    try:
        with (folder / "trainer.log").open("a") as log, redirect_stdout(log), redirect_stderr(log):
            trainer.main(arguments(config, folder / "pairs.csv", batch, workers))
    finally:
        trainer.get_data = get_data
        logging.getLogger().setLevel(logging.WARNING)  # which it lowers for everybody
    return summary(turns[0].seconds[WARMUP:])


def seconds_until(command: list[str], sign: str) -> float:
    """Seconds from the start of a process to its first line that holds ``sign``; then it is ended."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if sign in line:
                return time.perf_counter() - begun
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.stdout.close()
        process.wait()
    raise SystemExit(f"{' '.join(command)} ended without {sign!r}:\n{''.join(said[-20:])}")


def our_start(folder: Path, batch: int, seed: int) -> float:
    """``study train`` of a run of one step, which says so when that is done."""
    spec = spec_of(START, batch).model_copy(update={"samples_seen": batch, "seed": seed})
    path = folder / "runs" / run_id(spec) / "spec.json"
    io.write_json(path, spec.model_dump(mode="json"))
    return seconds_until(
        [sys.executable, "-m", "study", "train", str(path), "--device", "cpu", "--threads", "1"], "(100%)"
    )


def its_start(folder: Path, batch: int, workers: int) -> float:
    """open_clip's trainer up to its first line of progress, which follows its first step."""
    config = config_of(START, folder)
    program = (
        f"import sys, open_clip; open_clip.add_model_config({str(config)!r}); "
        "from open_clip_train.main import main; main(sys.argv[1:])"
    )
    given = arguments(config, folder / "pairs.csv", batch, workers)
    return seconds_until([sys.executable, "-c", program, *given], "Train Epoch: 0 [")


def starts(batch: int, repeats: int, folder: Path) -> dict[str, list[float]]:
    """Seconds from start to the first step's end, the three by turns; ours after one that decodes the images."""
    found: dict[str, list[float]] = {"this program, first run of a study": [our_start(folder / "ours", batch, 0)]}
    for turn in range(1, repeats + 1):
        found.setdefault("this program", []).append(our_start(folder / "ours", batch, turn))
        for workers in (0, 1):
            found.setdefault(f"open_clip, --workers {workers}", []).append(its_start(folder, batch, workers))
    return found


def main() -> None:
    """Print a line a comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", help="one architecture alone")
    parser.add_argument("--batch", type=int, default=64, help="pairs a step (default 64)")
    parser.add_argument("--steps", type=int, default=60, help="of each trainer (default 60)")
    parser.add_argument("--starts", type=int, default=5, help="of each trainer (default 5)")
    args = parser.parse_args()
    missing = [name for name in ("open_clip_train", "webdataset", "pandas") if importlib.util.find_spec(name) is None]
    if missing:
        raise SystemExit(f"{', '.join(missing)}: not installed, so open_clip's trainer cannot run here")
    cases = [(args.arch, args.batch)] if args.arch else CASES
    with TemporaryDirectory() as name:
        csv_of(Path(name))
        _print_steps(cases, args.steps, Path(name))
        if args.starts:
            for what, seconds in starts(args.batch, args.starts, Path(name)).items():
                print(f"{what:36} {median(seconds):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f})", flush=True)


def _print_steps(cases: list[tuple[str, int]], steps: int, folder: Path) -> None:
    with place("cpu", 1) as here:
        for arch, batch in cases:
            for workers in (0, 1):
                found = step_for_step(arch, batch, workers, steps, here, folder)
                print(
                    f"{arch:14} batch {batch:3}  workers {workers}  {found.median:.3f} ({found.low:.3f} to "
                    f"{found.high:.3f})  {found.ours_ms:.1f} ms, open_clip {found.bare_ms:.1f} ms, {found.n} pairs",
                    flush=True,
                )


if __name__ == "__main__":
    main()
