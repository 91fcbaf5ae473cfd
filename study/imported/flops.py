"""What training computes, where it can be told from multiply-adds and samples alone."""

from __future__ import annotations

from study.predict.published_runs import FLOPS_A_GMAC

# A forward and a backward pass of both towers a sample, as the formula has it, is not what these compute.
NOT_BY_FORMULA = {
    "flip": "it leaves out masked patches",
    "reclip": "its image size changes in training",
    "slip": "two more views of each image pass its tower",
    "clip_aug": "more views of each pair may pass the towers",
    "clipa": "its image size changes in training",
    "clip_lite": "what its critic adds is not stated",
    "amorlip": "what its small networks add is not stated",
}
BY_FORMULA = frozenset({"clip", "siglip", "sogclr", "fastclip", "coca"})


def train_flops(strategy: str | None, gmacs: float | None, samples: int | None) -> tuple[float | None, str | None]:
    """Training FLOPs, forward and backward, of ``samples`` pairs of ``gmacs`` each; or none, and why."""
    if strategy is None:
        return None, "no training FLOPs: the strategy is not stated"
    if strategy in NOT_BY_FORMULA:
        return None, f"no training FLOPs: {NOT_BY_FORMULA[strategy]}"
    if strategy not in BY_FORMULA:
        return None, f"no training FLOPs: how strategy {strategy!r} computes is not known here"
    missing = [
        name for name, value in (("multiply-adds a sample", gmacs), ("samples seen", samples)) if value is None
    ]  # fmt: skip
    if gmacs is None or samples is None:
        return None, f"no training FLOPs: {' and '.join(missing)} not stated"
    return FLOPS_A_GMAC * gmacs * samples, None
