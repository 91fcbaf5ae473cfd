"""A study of one run, from its grid to its outcome, through the command line."""

import json
from pathlib import Path

from study.cli import main


def grid(source, quality=1.0):
    """A grid of one short run on a source, in the working folder."""
    setting = f"source: {source}, quality: {quality}, arch: vit_pico, strategy: clip, lr: 0.001"
    Path("mine.yaml").write_text(
        f"evaluation: [embedded/validation]\ngrid: {{{setting}, samples_seen: 32, global_batch_size: 16}}\n"
    )


def trained(source, quality=1.0):
    """Plan and train it: the folder of the run, its spec and its outcome."""
    grid(source, quality)
    assert main(["plan", "mine.yaml", "--quiet", "--runnable"]) == 0
    [path] = (Path("results") / "runs").glob("*/spec.json")
    assert main(["train", str(path), "--log", "train.log"]) == 0
    return path.parent, json.loads(path.read_text()), json.loads((path.parent / "outcome.json").read_text())
