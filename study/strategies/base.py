"""The strategy seam: what a training strategy says, and what the loop does for it.

A step has two halves, so that one code path serves one process, many processes and accumulation:

1. ``embed`` runs the towers on the pairs at hand and returns named features, one row a pair. It sees a few pairs
   (a micro-batch of one process) and must treat each on its own.
2. ``loss`` gets the features of the whole global batch, detached, and returns the loss. What couples pairs belongs
   here: contrastive terms, SimCLR's head with its batch norm, an amortiser's inner updates. Every process computes
   the same loss on the same features, so its modules stay equal without talking to each other.

The loop carries the gradient of the loss at the features back into the towers (Gao et al., GradCache,
arXiv:2101.06983, section 3), which is exact for any split into processes and micro-batches unless a tower has batch
norm, where statistics depend on the split.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from study.records import PluginConfig, RunSpec

if TYPE_CHECKING:
    from study.models import Arch, ClipModel

Features = dict[str, Tensor]


@dataclass(frozen=True)
class Phase:
    """A stretch of training with fixed sizes.

    ``samples`` pairs are consumed; ``lr_scale`` multiplies the peak learning rate; each phase has its own schedule.
    At its start the towers are brought to its sizes, the optimiser's moments with them unless ``fresh_optimizer``.
    """

    samples: int
    image_size: int
    text_length: int
    keep_patches: float = 1.0
    lr_scale: float = 1.0
    fresh_optimizer: bool = False


@dataclass(frozen=True)
class Passes:
    """What one pair costs in a phase: forward passes of each tower, and what the strategy computes beside them.

    ``image`` and ``text`` are all passes of a tower. Of these, ``*_backbone`` are trained through the features before
    the projection alone, ``*_frozen`` are not trained through at all; all others are trained through the projection.

    ``extra_gmacs`` are forward multiply-adds a pair (in 1e9) of extra modules and of the loss's own products, which
    are trained through; ``forward_gmacs`` those that nothing is trained through. ``extra_params_m`` are parameters
    of extra modules in 1e6.
    """

    image: int = 1
    text: int = 1
    image_backbone: int = 0
    text_backbone: int = 0
    image_frozen: int = 0
    text_frozen: int = 0
    extra_gmacs: float = 0.0
    forward_gmacs: float = 0.0
    extra_params_m: float = 0.0


@dataclass(frozen=True)
class OptimDefaults:
    """The strategy's own AdamW settings, used where the grid is silent.

    ``lr`` is for ``batch`` pairs a step; for another batch it is scaled by the ratio of the batches ("linear") or
    by its square root ("sqrt").
    """

    lr: float
    batch: int
    weight_decay: float
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-6
    scaling: Literal["sqrt", "linear"] = "sqrt"


class Noise:
    """Random numbers of one optimiser step, the same however the global batch is split.

    Numbers are drawn for the whole global batch and cut to the pairs at hand: splits and resumes see equal noise.
    """

    def __init__(self, seed: int, first: int, size: int, rows: slice, device: torch.device) -> None:
        self.seed, self.first, self.size, self.rows, self.device = seed, first, size, rows, device

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        """Uniform numbers in [0, 1), one row a pair at hand: (rows, *shape); ``purpose`` names the stream."""
        return self.on_host(purpose, *shape).to(self.device, non_blocking=True)

    def on_host(self, purpose: str, *shape: int) -> Tensor:
        """The same numbers before they go to the device: for choices that must not wait for it."""
        generator = torch.Generator().manual_seed(mix(self.seed, self.first, purpose))
        return torch.rand(self.size, *shape, generator=generator)[self.rows]


def mix(*parts: int | str) -> int:
    """A 63-bit seed from numbers and words, the same on every machine and Python."""
    from hashlib import blake2b

    digest = blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True)
class Batch:
    """Pairs at hand, on the device.

    ``images`` is uint8 (B, 3, S, S) as stored; ``texts`` is int64 (B, L). A strategy makes its views from the
    former with ``study.data.views``.
    """

    images: Tensor
    texts: Tensor
    noise: Noise


@dataclass(frozen=True)
class StepOutput:
    """The loss of a global batch, and numbers worth logging (tensors: no host sync before they are written)."""

    loss: Tensor
    logs: Mapping[str, Tensor] = field(default_factory=dict)


class Heads(NamedTuple):
    """Modules from each backbone's features (B, w) to the shared embedding (B, d).

    For an exported model they are made again by ``type(head)(**head.options)``, so each keeps what it was made with
    in ``options``, plain numbers and words.
    """

    image: nn.Module
    text: nn.Module


@dataclass(frozen=True)
class Progress:
    """Where in the run a step stands: pairs seen before it, of how many, and the size of the training subset."""

    samples_seen: int
    total_samples: int
    unique_pairs: int
    global_batch_size: int

    @property
    def epoch(self) -> int:
        """Completed passes over the subset before this step."""
        return self.samples_seen // self.unique_pairs

    @property
    def epochs(self) -> int:
        """Passes over the subset in which a step begins; what a budget's rounding to whole batches adds is none."""
        return (self.total_samples - self.global_batch_size) // self.unique_pairs + 1

    @property
    def starts_epoch(self) -> bool:
        """Whether this step is the first of a new pass over the subset (true at the very first step)."""
        return self.samples_seen == 0 or self.epoch > (self.samples_seen - self.global_batch_size) // self.unique_pairs

    @property
    def share(self) -> float:
        """Share of the run already done, 0 to 1."""
        return self.samples_seen / self.total_samples


class Strategy(nn.Module, ABC):
    """A training strategy; its extra modules are submodules, so they are saved and restored with it.

    Parameters of submodules are trained with the towers, unless ``trains_itself`` names them: those belong to an
    optimiser of the strategy's own, kept in ``inner_state``.
    """

    class Config(PluginConfig):
        """Options of the strategy; a subclass adds its own."""

    version: ClassVar[int] = 1
    optim: ClassVar[OptimDefaults] = OptimDefaults(lr=5e-4, batch=256, weight_decay=0.2)
    # features of ``embed`` that do not depend on the towers, such as noise: ``loss`` gets them, without a gradient
    inputs: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    @classmethod
    def problems(cls, config: Any, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """What makes this run impossible, one sentence with the way out each; empty when it can be run.

        Asked before the budget is resolved: ``spec.samples_seen`` says nothing yet.
        """
        return ()

    @classmethod
    def length_problems(cls, config: Any, spec: RunSpec, arch: Arch) -> Sequence[str]:
        """As ``problems``, for what depends on the number of samples seen; asked of runs that have no problems."""
        return ()

    def attach(self, model: ClipModel) -> None:
        """Create the extra modules for a model's widths; called once before training."""

    def phases(self, spec: RunSpec, arch: Arch) -> list[Phase]:
        """The phases of a run; their samples sum to ``spec.samples_seen``, each a multiple of the batch."""
        return [Phase(spec.samples_seen, spec.image_size or arch.image_size, spec.text_length or arch.text_length)]

    def passes(self, phase: Phase, arch: Arch, batch: int) -> Passes:
        """What one pair costs in a phase, in a global batch of ``batch`` pairs."""
        return Passes()

    def stored_size(self, phase: Phase) -> int:
        """Side in pixels of the stored images that a phase's views are made from."""
        return phase.image_size

    @abstractmethod
    def embed(self, model: ClipModel, batch: Batch, phase: Phase) -> Features:
        """Features of the pairs at hand, one row a pair; no pair may see another."""

    @abstractmethod
    def loss(self, model: ClipModel, features: Features, progress: Progress) -> StepOutput:
        """The loss of a whole global batch from its features; differentiable in them and in own parameters."""

    def trains_itself(self) -> set[str]:
        """Names of own parameters that the strategy's own optimiser trains."""
        return set()

    def inner_state(self) -> dict[str, Any]:
        """State of own optimisers and schedules, for the checkpoint."""
        return {}

    def load_inner_state(self, state: dict[str, Any]) -> None:
        """Restore what ``inner_state`` gave."""

    def heads(self) -> Heads | None:
        """What makes the embedding out of the backbones' features; none where it is the towers' own projection."""
        return None

    def image_embedding(self, model: ClipModel, images: Tensor) -> Tensor:
        """The image embedding that is evaluated and exported, not yet normalised: (B, d)."""
        features, heads = model.image(images), self.heads()
        embedding: Tensor = heads.image(features.backbone) if heads else features.projected
        return embedding

    def text_embedding(self, model: ClipModel, texts: Tensor) -> Tensor:
        """The text embedding that is evaluated and exported, not yet normalised: (B, d)."""
        features, heads = model.text(texts), self.heads()
        embedding: Tensor = heads.text(features.backbone) if heads else features.projected
        return embedding
