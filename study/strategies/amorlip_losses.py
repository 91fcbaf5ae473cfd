"""AmorLIP's mathematics: the partition, both stages' losses and the schedules.

All of arXiv:2505.18983. Everything is in logarithms: at s = 100 the partition itself does not fit into fp32.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from study.strategies.clip import similarities

Pair = tuple[Tensor, Tensor]  # of images, of texts


def log_sums(logits: Tensor, pos_coef: float) -> Pair:
    """Of logits (B, B), the log of each row's and each column's sum of exp, the diagonal weighed by ``pos_coef``.

    Two tensors (B,). Raises ValueError for a negative ``pos_coef``; with 0 the diagonal is left out, and is -inf
    where it is all there is. The weight is inside of the logsumexp: sum minus diagonal loses its digits at large s.
    """
    if pos_coef < 0:
        raise ValueError(f"pos_coef must be at least 0, got {pos_coef}")
    weight = math.log(pos_coef) if pos_coef > 0 else -torch.inf
    weighed = logits.diagonal_scatter(logits.diagonal() + weight)
    return weighed.logsumexp(dim=1), weighed.logsumexp(dim=0)


def log_partition(
    image_features: Tensor, text_features: Tensor, logit_scale: Tensor | float, pos_coef: float
) -> tuple[Tensor, Tensor]:
    """log Z of every image and every text: log[sum_{j != i} exp(s u_i.v_j) + pos_coef exp(s u_i.v_i)].

    Features are (B, d) with unit rows, ``logit_scale`` is s itself, ``pos_coef`` >= 0. Two tensors (B,); sums, not
    means. Section 3 of the paper. Raises ValueError for features that differ in shape and a negative ``pos_coef``.
    """
    return log_sums(similarities(image_features, text_features, logit_scale), pos_coef)


def log_target(log_snapshot: Tensor, log_z: Tensor, weight: float) -> Tensor:
    """log(weight x lambda of the snapshot + (1 - weight) x Z), what stage I learns: (B,), weight in [0, 1)."""
    if weight == 0:
        return log_z
    return torch.logaddexp(log_snapshot + math.log(weight), log_z + math.log1p(-weight))


def stage_one_l2log(log_lambda: Tensor, log_target: Tensor) -> Tensor:
    """Mean squared error of the logarithms, both (B,): the l2-log objective of stage I.

    Not differentiated in the target. A scalar >= 0. Raises ValueError when the shapes differ.
    """
    if log_lambda.shape != log_target.shape:
        raise ValueError(f"shapes differ: {log_lambda.shape} and {log_target.shape}")
    return F.mse_loss(log_lambda, log_target.detach())


def stage_one_kl(log_lambda: Tensor, log_target: Tensor, log_z: Tensor) -> Tensor:
    """(1 / B^2) sum_i Z_i (log target_i - log lambda_i) / lambda_i: the KL objective of stage I.

    All (B,); differentiated in lambda alone. Negative where lambda is above the target. It is smallest at lambda =
    e x target, not at the target, and flat where lambda is far above it: it needs some of the l2-log objective
    beside it, which outweighs it in a large batch. Raises ValueError when the shapes differ.
    """
    if not log_lambda.shape == log_target.shape == log_z.shape:
        raise ValueError(f"shapes differ: {log_lambda.shape}, {log_target.shape} and {log_z.shape}")
    ratio = (log_z.detach() - log_lambda).exp()
    return (ratio * (log_target.detach() - log_lambda)).mean() / len(log_lambda)


def stage_two_of(logits: Tensor, log_z: Pair, log_lambda: Pair) -> Tensor:
    """Stage II's loss of logits (B, B) and their ``log_sums``; ``log_lambda`` is not differentiated."""
    of_images, of_texts = ((z - known.detach()).exp().mean() for z, known in zip(log_z, log_lambda, strict=True))
    return of_images + of_texts - 2 * logits.diagonal().mean()


def stage_two_loss(
    image_features: Tensor,
    text_features: Tensor,
    logit_scale: Tensor | float,
    log_lambda_image: Tensor,
    log_lambda_text: Tensor,
    pos_coef: float,
) -> Tensor:
    """-2 s mean(u_i.v_i) + mean_i(sum_j exp(s u_i.v_j) / lambda_i) + the same for texts: stage II of the paper.

    Features are (B, d) with unit rows, ``log_lambda_*`` (B,) is not differentiated, ``pos_coef`` >= 0 weighs the
    diagonal of the sums. Negative in general. With lambda = Z and pos_coef = 1 its gradient is twice CLIP's.
    Raises ValueError for features that differ in shape and a negative ``pos_coef``.
    """
    logits = similarities(image_features, text_features, logit_scale)
    return stage_two_of(logits, log_sums(logits, pos_coef), (log_lambda_image, log_lambda_text))


def beta(share: float, beta_max: float) -> float:
    """Weight of the previous epoch's snapshot: a half cosine from 0 at ``share`` 0 to ``beta_max`` at 1."""
    return beta_max * (1 - math.cos(math.pi * share)) / 2


def rho(share: float, early: float, late: float, late_share: float) -> float:
    """Weight of 1 / s in the loss: ``early``, but ``late`` in the last ``late_share`` of training.

    ``share`` in [0, 1] is what of the training is done.
    """
    return early if share + late_share < 1 else late
