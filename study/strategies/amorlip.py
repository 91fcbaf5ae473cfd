"""AmorLIP: two small networks learn the log partition of each image and text (2025, arXiv:2505.18983).

Stage I fits the amortisers to the partition of the batch at hand, with an optimiser of their own; stage II trains the
towers with the amortised partition in the place of the sum over the batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from pydantic import Field

from study.models import Arch, ClipModel
from study.records import PluginConfig, RunSpec
from study.strategies.amorlip_losses import (
    beta,
    log_partition,
    log_sums,
    rho,
    stage_one_kl,
    stage_one_l2log,
    stage_two_loss,
    stage_two_of,
)
from study.strategies.amorlip_networks import Amortizer, Amortizers
from study.strategies.amorlip_stage_one import StageOne
from study.strategies.base import Features, OptimDefaults, Passes, Phase, Progress, StepOutput
from study.strategies.clip import Clip, similarities, symmetric_cross_entropy

__all__ = [
    "AmorLip",
    "Amortizer",
    "beta",
    "log_partition",
    "rho",
    "stage_one_kl",
    "stage_one_l2log",
    "stage_two_loss",
]


class AmorLip(Clip):
    """Stage I and stage II in turn, on every step."""

    class Config(PluginConfig):
        """AmorLIP's options; the defaults are the paper's for ViT-B/32 on 12M pairs."""

        name: Literal["amorlip"] = "amorlip"
        width_factor: float = Field(1.0, gt=0, description="hidden width of the amortisers over d, f_d; RN50: 0.5")
        amortizer_lr: float = Field(1e-3, gt=0, description="learning rate of stage I")
        objective: Literal["l2_log", "kl"] = Field("l2_log", description="what stage I minimises")
        kl_l2_weight: float = Field(0.1, ge=0, description="weight of the l2-log objective beside kl")
        train_every: int = Field(
            3, ge=1, description="steps from one training of the amortisers to the next; our reading of T_lambda"
        )
        online_steps: int = Field(
            1, ge=1, description="updates of the amortisers at each training; our reading of T_online; RN50: 8"
        )
        target_every: int = Field(
            2, ge=1, description="updates from one move of the average to the next; our reading of T_target"
        )
        ema: float = Field(0.92, ge=0, lt=1, description="decay of the averaged amortisers; RN50: 0.999")
        beta_max: float = Field(0.8, ge=0, lt=1, description="largest weight of the previous epoch's snapshot")
        reinitialise: bool = Field(True, description="draw new amortisers at the start of each epoch")
        stage_two_lambda: Literal["average", "combined"] = Field(
            "average",
            description="what stage II divides by: the averaged amortisers (paper), or snapshot and batch combined, "
            "which is stage I's target (official code)",
        )
        pos_coef: float = Field(
            1.0, ge=0, description="weight of the positive pair in the partition; paper: 1, official code: 1e-3"
        )
        divide_by_scale: bool = Field(
            True, description="divide stage II by the detached logit scale; false with rho 0: plain stage II"
        )
        rho: float = Field(8.5, description="weight of 1 / logit scale in the loss; RN50: 6.5")
        rho_late: float = Field(-8.5, description="the same at the end of training; RN50: -8")
        late_share: float = Field(1 / 3, ge=0, le=1, description="share of training with rho_late; RN50: 0.25")

    version = 3
    # arXiv:2505.18983, ViT-B/32 on 12M pairs: lr 4e-4, batch 2048
    optim = OptimDefaults(lr=4e-4, batch=2048, weight_decay=0.2, beta1=0.9, beta2=0.98, eps=1e-6)

    @classmethod
    def problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """A partition needs something to sum."""
        if spec.global_batch_size > 1 or config.pos_coef > 0:
            return ()
        return ("AmorLIP without positives has nothing to sum in a batch of 1; raise global_batch_size or pos_coef",)

    @classmethod
    def length_problems(cls, config: Config, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """A snapshot is of the previous epoch, so there must be one, unless nothing is made of it."""
        pairs = spec.data.unique_pairs
        # a budget of 2 epochs may have been rounded down to whole batches
        if spec.samples_seen + spec.global_batch_size / 2 >= 2 * pairs or config.beta_max == 0:
            return ()
        epochs = math.floor(10 * spec.samples_seen / pairs) / 10
        return (
            f"AmorLIP's schedule needs at least 2 epochs, {spec.samples_seen:,} samples of {pairs:,} pairs are "
            f"{epochs:.1f}; raise the budget, lower size, or set beta_max: 0",
        )

    def attach(self, model: ClipModel) -> None:
        """The amortisers with all that trains them."""
        self.stage_one = StageOne(model.embed_dim, self.config)

    def trains_itself(self) -> set[str]:
        """The amortisers belong to stage I's own optimiser."""
        return {f"stage_one.amortizers.{name}" for name, _ in self.stage_one.amortizers.named_parameters()}

    def inner_state(self) -> dict[str, Any]:
        """State of stage I's optimiser."""
        return self.stage_one.optimizer.state_dict()

    def load_inner_state(self, state: dict[str, Any]) -> None:
        """Restore stage I's optimiser."""
        self.stage_one.optimizer.load_state_dict(state)

    def passes(self, phase: Phase, arch: Arch, batch: int) -> Passes:
        """CLIP's, with the amortisers trained and their copies used, in the first epoch as in the others.

        The partition, and CLIP's own loss for the log, are taken of the similarities that stage II is trained through.
        """
        config: AmorLip.Config = self.config
        with torch.device("meta"):
            networks = Amortizers(arch.embed_dim, config.width_factor)
        weights, firsts = list(networks.parameters()), (networks.image.fc1.weight, networks.text.fc1.weight)
        macs, first = sum(w.numel() for w in weights if w.ndim == 2), sum(w.numel() for w in firsts)
        updates = config.online_steps / config.train_every
        copies = (config.beta_max > 0) + (config.stage_two_lambda == "average")
        return Passes(
            extra_gmacs=super().passes(phase, arch, batch).extra_gmacs + updates * (macs - first) / 1e9,
            # the features are no parameters, so a first layer is passed forward and backward once each
            forward_gmacs=(copies * macs + updates * 2 * first) / 1e9,
            extra_params_m=sum(w.numel() for w in weights) / 1e6,
        )

    def loss(self, model: ClipModel, features: Features, progress: Progress) -> StepOutput:
        """Stage I on the detached features, then stage II's loss of the towers / s (s detached) + rho / s."""
        config: AmorLip.Config = self.config
        image, text, scale = features["image"], features["text"], model.logit_scale.exp()
        logits = similarities(image, text, scale)
        log_z = log_sums(logits, config.pos_coef)
        at_hand = (image.detach(), text.detach()), (log_z[0].detach(), log_z[1].detach())
        log_lambda = self.stage_one(*at_hand, progress)
        loss = stage_two_of(logits, log_z, log_lambda)
        if config.divide_by_scale:
            loss = loss / scale.detach()
        loss = loss + rho(progress.share, config.rho, config.rho_late, config.late_share) / scale
        contrastive = symmetric_cross_entropy(logits.detach())
        return StepOutput(loss, {"contrastive_loss": contrastive, "stage_one_loss": self.stage_one.last_fit.clone()})
