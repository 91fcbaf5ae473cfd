"""A rough peak of training memory from counts alone: right within a factor of two or so, and called rough."""

from __future__ import annotations

# fp32 weights, gradients and two Adam moments.
BYTES_A_PARAMETER = 16
# A transformer layer saves about 34 values-and-masks of 1 byte x width a token in 16 bit (Korthikanti et al., 2022,
# arXiv:2205.05198, equation 2, without attention scores) for 12 x width^2 multiply-adds a token.
_TRANSFORMER_BYTES_A_MAC = 34 / 12
# Convolutions and windows save more for each multiply-add: a ResNet-50 about 80 MB for 4.1 GMACs in 16 bit.
_OTHER_BYTES_A_MAC = 0.02


def memory_gib(
    params_m: float,
    micro_batch: int,
    global_batch: int,
    image: tuple[float, int | None],
    text: tuple[float, int | None],
    bytes_a_value: int,
) -> float:
    """Rough peak in GiB on one device.

    ``image`` and ``text`` are a tower's forward GMACs a pair and its width, none for a tower that is no plain
    transformer; ``bytes_a_value`` is 2 under bf16 autocast, 4 in fp32.
    """
    states = BYTES_A_PARAMETER * params_m * 1e6
    a_pair = sum(_saved_bytes(gmacs, width) for gmacs, width in (image, text)) * bytes_a_value / 2
    logits = 3 * 4.0 * global_batch**2  # the matrix, its softmax and its gradient, fp32
    return (states + a_pair * micro_batch + logits) / 2**30


def _saved_bytes(gmacs: float, width: int | None) -> float:
    each = _TRANSFORMER_BYTES_A_MAC / width if width else _OTHER_BYTES_A_MAC
    return gmacs * 1e9 * each
