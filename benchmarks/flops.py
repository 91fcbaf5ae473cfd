"""Multiply-adds of every tower by the project's counter against torch's own, and against open_clip's published profile.

    python benchmarks/flops.py                  # every configuration of open_clip that needs no network: two minutes
    python benchmarks/flops.py --timm           # every tower of timm of the four families: some seven minutes
    python benchmarks/flops.py --train          # forward and backward

Nothing is computed: all is on the meta device. The peak of memory is that of the process (its resident set), given
beside what its imports alone take. Ends with 1 when a deviation is above a thousandth, a published figure differs, or
an operator is not counted.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import timm
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from study.errors import PlanError
from study.measure.flops import Counts, Traced, count
from study.models import FAMILIES, Arch, build, resolve
from study.records import PluginRef

MOST = 1e-3  # deviation from torch's counter
PROFILE = Path(__file__).parents[1] / "study" / "imported" / "open_clip_profile.csv"
# timm's modules of each family.
MODULES = {
    "vit": ("vision_transformer", "vision_transformer_hybrid", "vision_transformer_relpos", "vision_transformer_sam"),
    "resnet": ("resnet", "resnetv2"),
    "convnext": ("convnext",),
    "swin": ("swin_transformer", "swin_transformer_v2", "swin_transformer_v2_cr"),
}


class Row(NamedTuple):
    """One architecture: how far the project's counts are from torch's, or why there are none."""

    name: str
    deviation: float = 0.0
    differs: str = ""  # from the published profile
    uncounted: str = ""
    refused: str = ""


def convolution_backward(gradient: Any, images: Any, weight: Any, *more: Any, out_shape: Any = None) -> int:
    """FLOPs of a convolution's gradients; torch's own formula takes those of a grouped one for those of a dense one."""
    of_input_and_weight = more[-1][:2]
    return 2 * prod(gradient) * prod(weight[1:]) * sum(of_input_and_weight)


RIGHT = {torch.ops.aten.convolution_backward: convolution_backward}


def by_torch(step: Callable[[], object], mapping: dict[Any, Any] | None = None) -> float:
    """GMACs of a function by torch's counter; ``mapping`` replaces its formulas."""
    with FlopCounterMode(display=False, custom_mapping=mapping) as counter:
        step()
    return float(counter.get_total_flops()) / 2e9


class ByTorch:
    """Both towers of architectures, forward, or forward and backward; towers of one kind are counted once."""

    def __init__(self, train: bool) -> None:
        self.train, self._known = train, dict[str, float]()

    def __call__(self, arch: Arch) -> tuple[float, float]:
        """GMACs of the image and of the text tower."""
        model = build(arch, device="meta").eval()
        image = torch.empty(1, 3, arch.image_size, arch.image_size, device="meta")
        text = torch.zeros(1, arch.text_length, dtype=torch.int64, device="meta")
        config = arch.config
        return (
            self._tower({**config, "text_cfg": arch.trunk}, lambda: model.image(image).projected),
            self._tower({**config, "vision_cfg": {}}, lambda: model.text(text).projected),
        )

    def _tower(self, config: dict[str, Any], forward: Callable[[], Tensor]) -> float:
        kind = json.dumps(config, sort_keys=True, default=list)
        if kind not in self._known:
            self._known[kind] = by_torch(lambda: forward().sum().backward(), RIGHT) if self.train else by_torch(forward)
        return self._known[kind]


def published() -> dict[str, dict[str, float]]:
    """Open_clip's own profile: GFLOPs and millions of parameters of both towers, with two digits behind the point."""
    with PROFILE.open() as lines:
        rows = csv.DictReader(line for line in lines if not line.startswith("#"))
        return {row.pop("model"): {name: float(value) for name, value in row.items()} for row in rows}


def difference(counts: Counts, row: dict[str, float]) -> str:
    """Which figures are not those of the profile when rounded as it is; empty when all are."""
    counted = {
        "image_gflops": 2 * counts.image_gmacs,
        "text_gflops": 2 * counts.text_gmacs,
        "image_mparams": counts.image_params_m,
        "text_mparams": counts.text_params_m,
    }
    wrong = [name for name, value in counted.items() if abs(value - row[name]) > 0.00501]
    return ", ".join(f"{name} {counted[name]:.3f}, published {row[name]}" for name in wrong)


def compared(names: Iterable[str], train: bool = False) -> Iterator[Row]:
    """A row a name."""
    profile, by_torch_of, traced = published(), ByTorch(train), dict[str, Traced]()
    for name in names:
        try:
            arch = resolve(PluginRef(name=name))
            counts = count(arch, traced=traced)
        except PlanError as error:
            yield Row(name, refused=str(error))
            continue
        ours = (counts.image_gmacs, counts.text_gmacs)
        if train:
            ours = (counts.image_train_gmacs, counts.text_train_gmacs)
        pairs = zip(ours, by_torch_of(arch), strict=True)
        yield Row(
            name,
            deviation=max(abs(own / theirs - 1) for own, theirs in pairs),
            differs=difference(counts, profile[name]) if name in profile else "",
            uncounted=", ".join(f"{kind} {share:.1e}" for kind, share in counts.uncounted.items()),
        )


def open_clip_names() -> list[str]:
    """Every configuration that open_clip ships."""
    return FAMILIES.load("open_clip")().names()


def timm_names() -> list[str]:
    """Every tower of timm in the modules of the four families."""
    return [
        f"timm:{name}" for modules in MODULES.values() for module in modules for name in timm.list_models(module=module)
    ]


def peak_mib() -> float:
    """The largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Print what was compared, and the worst."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--timm", action="store_true", help="timm's towers instead of open_clip's configurations")
    parser.add_argument("--train", action="store_true", help="forward and backward")
    parser.add_argument("--verbose", action="store_true", help="a line for each")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = timm_names() if arguments.timm else open_clip_names()
    list(compared(["vit_pico"]))  # what is imported on first use
    before, start = peak_mib(), (time.perf_counter(), time.process_time())
    rows = []
    for row in compared(names, arguments.train):
        rows.append(row)
        if arguments.verbose:
            print(row, flush=True)
    report(rows, time.perf_counter() - start[0], time.process_time() - start[1], before)
    return int(any(row.deviation > MOST or row.differs or row.uncounted for row in rows))


def report(rows: list[Row], seconds: float, cpu_seconds: float, before_mib: float) -> None:
    """What a reader wants to know of a sweep."""
    counted = [row for row in rows if not row.refused]
    worst = max(counted, key=lambda row: row.deviation)
    in_profile = sum(row.name in published() for row in counted)
    print(f"{len(counted)} counted, {len(rows) - len(counted)} refused")
    exact = sum(row.deviation == 0 for row in counted)
    print(f"{exact} exactly as torch's counter, the worst {worst.deviation:.1e} off ({worst.name})")
    print(f"{in_profile} in open_clip's profile, {sum(bool(row.differs) for row in counted)} of them different")
    print(f"{seconds:.0f} s, {cpu_seconds:.0f} s of one core")
    print(f"peak {peak_mib():.0f} MiB, {before_mib:.0f} MiB before the first of these: imports and one small model")
    for row in rows:
        for told in (row.differs, row.uncounted and f"not counted: {row.uncounted}", row.refused):
            if told:
                print(f"  {row.name}: {told}")


if __name__ == "__main__":
    raise SystemExit(main())
