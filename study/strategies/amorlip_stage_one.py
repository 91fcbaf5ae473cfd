"""AmorLIP's stage I: when and on what the amortisers are trained, and what stage II gets (arXiv:2505.18983).

What the paper's three step counts count is our reading: at every ``train_every``-th step (T_lambda) the amortisers get
``online_steps`` updates (T_online), and after every ``target_every``-th update (T_target) the average follows. So its
two settings go together: eight times the updates with a decay of .999 for .92 forget within some hundred steps. That
new amortisers begin at the mean log partition, that an epoch also begins with a fresh optimiser of stage I, that its
gradient is clipped, and the bound on Z / lambda, are our choices.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from study.strategies.amorlip_losses import Pair, beta, log_target, stage_one_kl, stage_one_l2log
from study.strategies.amorlip_networks import Amortizers
from study.strategies.base import Progress, mix

if TYPE_CHECKING:
    from study.strategies.amorlip import AmorLip

GRADIENT_NORM = 1.0  # the largest of an update
MAX_LOG_RATIO = 25.0  # of Z / lambda: both stages exponentiate it, and a gradient's norm must fit into fp32


class StageOne(nn.Module):
    """The amortisers, their running average, the snapshot of the previous epoch, and the optimiser of the first.

    Everything that happens is a matter of ``Progress`` and of what the checkpoint holds, so that a resume is exact.
    """

    seed: Tensor  # what new amortisers are drawn from: every process and every resume draws the same
    last_fit: Tensor  # the objective when the amortisers were last trained

    def __init__(self, dim: int, config: AmorLip.Config) -> None:
        super().__init__()
        self.config = config
        self.amortizers = Amortizers(dim, config.width_factor)
        self.averaged = copy.deepcopy(self.amortizers).requires_grad_(False)
        self.snapshot = copy.deepcopy(self.amortizers).requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.amortizers.parameters(), lr=config.amortizer_lr)
        self.register_buffer("seed", torch.randint(2**62, ()))
        self.register_buffer("last_fit", torch.zeros(()))

    def forward(self, features: Pair, log_z: Pair, progress: Progress) -> Pair:
        """Train the amortisers where it is time; the log lambda of images and texts for stage II: (B,) each.

        Of detached features (B, d) and the log partition (B,) of this step's global batch.
        """
        if progress.starts_epoch:
            self._begin_epoch(log_z, progress)
        target = self._target(features, log_z, progress)
        time, since = divmod(progress.samples_seen // progress.global_batch_size, self.config.train_every)
        if since == 0:
            self._fit(features, target, log_z, made=time * self.config.online_steps)
        if self.config.stage_two_lambda == "combined":
            return target
        return self._average(features, log_z)

    @torch.no_grad()
    def _begin_epoch(self, log_z: Pair, progress: Progress) -> None:
        """Keep the average as the snapshot, then begin anew."""
        self.snapshot.load_state_dict(self.averaged.state_dict())
        if progress.samples_seen == 0 or self.config.reinitialise:
            self.amortizers.draw(mix(int(self.seed), progress.epoch), log_z)
            self.averaged.load_state_dict(self.amortizers.state_dict())
            self.optimizer.state.clear()

    @torch.no_grad()
    def _target(self, features: Pair, log_z: Pair, progress: Progress) -> Pair:
        """Snapshot and batch combined; the former's weight rises by epoch from 0 in the first, which has none."""
        weight = beta(progress.epoch / max(1, progress.epochs - 1), self.config.beta_max)
        if weight == 0:
            return log_z
        image, text = self.snapshot(features)
        return log_target(image, log_z[0], weight), log_target(text, log_z[1], weight)

    def _fit(self, features: Pair, target: Pair, log_z: Pair, made: int) -> None:
        """``online_steps`` updates on one batch, after so many ``made`` since training began."""
        for update in range(made + 1, made + 1 + self.config.online_steps):
            fit = self._objective(self.amortizers(features), target, log_z)
            self.optimizer.zero_grad(set_to_none=True)
            fit.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.amortizers.parameters(), GRADIENT_NORM)
            self.optimizer.step()
            if update % self.config.target_every == 0:
                self._move_average()
        self.last_fit.copy_(fit.detach())

    def _objective(self, log_lambda: Pair, target: Pair, log_z: Pair) -> Tensor:
        l2 = stage_one_l2log(log_lambda[0], target[0]) + stage_one_l2log(log_lambda[1], target[1])
        if self.config.objective == "l2_log":
            return l2
        bounded = (torch.minimum(z, known.detach() + MAX_LOG_RATIO) for z, known in zip(log_z, log_lambda, strict=True))
        of_images, of_texts = (stage_one_kl(*given) for given in zip(log_lambda, target, bounded, strict=True))
        return of_images + of_texts + self.config.kl_l2_weight * l2

    @torch.no_grad()
    def _move_average(self) -> None:
        for average, current in zip(self.averaged.parameters(), self.amortizers.parameters(), strict=True):
            average.lerp_(current, 1 - self.config.ema)

    @torch.no_grad()
    def _average(self, features: Pair, log_z: Pair) -> Pair:
        """log lambda of the averaged amortisers, but no more than ``MAX_LOG_RATIO`` below the partition."""
        image, text = self.averaged(features)
        return torch.maximum(image, log_z[0] - MAX_LOG_RATIO), torch.maximum(text, log_z[1] - MAX_LOG_RATIO)
