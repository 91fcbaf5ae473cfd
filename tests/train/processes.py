"""Steps of every strategy by several processes and by one, compared: python -m tests.train.processes FILE SIZE...

The processes are forks of this one, so that what they import is loaded once.
"""

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.multiprocessing import start_processes

from study import checkpoint
from study.models.resize import resize
from study.strategies import STRATEGIES
from study.strategies.base import Progress
from study.strategies.trained import trained_parameters
from study.train.batch_norm import synchronise
from study.train.device import Place
from study.train.sharding import clip_gradients, gathered
from study.train.step import GlobalStep
from tests.strategies.parts import ROWS, gradients, pairs, parts, refusals

TOWERS = ("vit_pico", "resnet_pico")
STEPS = 2
LARGEST = 0.05  # norm of a step's gradient, below what most have
# strategy, tower, micro-batch, none for one of all pairs, whose batch norms synchronise, and whether towers are sharded
CASES = [(name, tower, None, None) for name in STRATEGIES.names() for tower in TOWERS if not refusals(name, tower)]
CASES += [(*case, None) for case in [("clip", "vit_pico", 2), ("clip", "resnet_pico", 2), ("slip", "resnet_pico", 2)]]
CASES += [("clip", tower, None, "sharded") for tower in (*TOWERS, "convnext_pico", "swin_pico")]
CASES += [("clip", tower, 2, "sharded") for tower in TOWERS]
CASES += [(name, "vit_pico", micro, "sharded") for name in ("slip", "amorlip") for micro in (None, 2)]
CASES += [
    ("reclip", "vit_pico", None, "sharded"),
    ("flip", "vit_pico", None, "sharded"),
    ("clip_lite", "swin_pico", None, "sharded"),
]


def train(name, tower, micro, sharded, rank=0, world_size=1):
    """Losses and gradients by name, and all that steps leave behind: weights, statistics, inner optimisers."""
    model, strategy, phases, arch = parts(name, tower)
    where, found = Place(torch.device("cpu"), "test", rank, world_size), {}
    if world_size > 1 and model.has_batch_norm and micro is None:
        synchronise(model, where.device)
    own = ROWS // world_size
    starts, size = range(rank * own, (rank + 1) * own, micro or own), micro or own
    step = None
    for phase in phases:
        if step and step.sharding:
            step.sharding.undo(model, where.device)
        resize(model, phase.image_size, phase.text_length)
        # not Adam, which makes something of gradients that are nothing but rounding, such as those of keys' biases
        step = GlobalStep(model, strategy, where, "fp32", 0, sharded=bool(sharded) and world_size > 1)
        parameters = [p for _, p in trained_parameters(model, strategy)]
        optimizer = torch.optim.SGD(parameters, lr=0.01, momentum=0.9)
        batches = [pairs(arch, phase, slice(first, first + size)) for first in starts]
        for index in range(STEPS):
            optimizer.zero_grad()
            output = step(batches, phase, Progress(index * ROWS, 100 * ROWS, ROWS, ROWS))  # an epoch a step
            number = len(found) // 2
            found[f"loss {number}"] = output.loss.detach()
            found[f"norm {number}"] = clip_gradients(parameters, LARGEST)
            optimizer.step()
    found |= {f"gradient {n}": g for n, g in gathered(gradients(model, strategy)).items()}
    left = {"model": model.state_dict(), "strategy": strategy.state_dict(), "inner": strategy.inner_state()}
    return {**found, **dict(flat(gathered(left)))}


def flat(tree, path=""):
    """The tensors of nested dicts and lists, by their place in them."""
    if isinstance(tree, torch.Tensor):
        yield path, tree
    elif isinstance(tree, dict | list | tuple):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from flat(value, f"{path} {key}".strip())


def difference(one, other):
    """The largest difference relative to the largest number, or to 1e-4 where all are smaller than that."""
    return ((one - other).abs().max() / other.abs().max().clamp(min=1e-4)).item()


SHARES = {1: [10], 2: [3, 7], 4: [1, 2, 3, 4]}  # rows of each process


def normalise(rank=0, world_size=1):
    """A batch norm's statistics, and its output and the gradient that comes back, for rows shared unequally."""
    rows = 1e3 + torch.randn(10, 3, 4, 2, generator=torch.Generator().manual_seed(0))
    own = rows.split(SHARES[world_size])[rank].clone().requires_grad_()
    model = nn.Sequential(nn.BatchNorm2d(3))
    if world_size > 1:
        synchronise(model, own.device)
    output = model(own)
    output.pow(3).sum().backward()
    shares = [(output.detach(), own.grad)]
    if world_size > 1:
        shares = [None] * world_size
        dist.all_gather_object(shares, (output.detach(), own.grad))
    output, gradient = (torch.cat(parts) for parts in zip(*shares, strict=True))
    return {"output": output, "gradient": gradient, **model.state_dict()}


def compare(found, rank, world_size):
    """In the first process: how far it is from one process alone, and the fingerprint of each process's tensors."""
    several, fingerprints = found(rank=rank, world_size=world_size), [None] * world_size
    dist.all_gather_object(fingerprints, checkpoint.fingerprint(several))
    if rank > 0:
        return None
    alone = found()
    assert several.keys() == alone.keys()
    differences = {key: difference(several[key], value) for key, value in alone.items()}
    return {"differences": differences, "fingerprints": fingerprints}


def work(rank, world_size, folder):
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    dist.init_process_group("gloo", f"file://{folder}/{world_size}", rank=rank, world_size=world_size)
    found = {label(case): compare(partial(train, *case), rank, world_size) for case in CASES}
    found["normalise"] = compare(normalise, rank, world_size)
    if rank == 0:
        Path(folder, f"{world_size}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


def label(case):
    return "-".join(str(part) for part in case if part)


if __name__ == "__main__":
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in map(int, sys.argv[2:]):
            start_processes(work, (size, folder), nprocs=size, start_method="fork")
            found[size] = json.loads(Path(folder, f"{size}.json").read_text())
    Path(sys.argv[1]).write_text(json.dumps(found))
