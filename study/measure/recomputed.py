"""What activation checkpointing multiplies once more, by torch's own counter on the meta device.

Less than a forward pass: what a block saves for its backward pass is made again, so its last product is not.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from study.measure.counts import Recomputed
from study.measure.inputs import meta_inputs
from study.models import Arch, build

Forward = Callable[[], Tensor]


def recomputed(
    arch: Arch, image_size: int | None = None, text_length: int | None = None, keep_patches: float = 1.0
) -> Recomputed:
    """Of one image and one text, where the blocks are checkpointed that open_clip and timm checkpoint.

    The towers are trained whole. Raises as ``study.measure.flops.count``.
    """
    model = build(arch, image_size or arch.image_size, text_length or arch.text_length, device="meta").eval()
    image, text = meta_inputs(model, keep_patches)
    towers: list[Forward] = [lambda: model.image(*image).projected, lambda: model.text(text).projected]
    plain = [_step_gmacs(tower) for tower in towers]
    model.clip.set_grad_checkpointing()
    more = [_step_gmacs(tower) - before for tower, before in zip(towers, plain, strict=True)]
    return Recomputed(image_gmacs=more[0], text_gmacs=more[1])


def _step_gmacs(forward: Forward) -> float:
    """Wrong for gradients of grouped convolutions, which the difference of two steps does not hold."""
    with FlopCounterMode(display=False) as counter:
        forward().sum().backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops()) / 2e9
