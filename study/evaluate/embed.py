"""Features of an evaluation set: each image and each text goes through the model once, for all metrics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor, nn

from study.data import views
from study.errors import DataError
from study.evaluate.opened import Opened
from study.metrics.base import Labelled, Need, SetFeatures, prompts
from study.models import Arch, ClipModel, tokenizer
from study.records import PluginRef
from study.strategies.base import Phase, Strategy

BATCH = 256


@dataclass(frozen=True)
class Subject:
    """The model under evaluation and how it is run: at the sizes of ``phase``, its last one.

    ``trained_on`` is the data source whose own sets a name may mean.
    """

    arch: Arch
    model: ClipModel
    strategy: Strategy
    phase: Phase
    trained_on: PluginRef
    device: torch.device
    precision: Literal["fp32", "bf16"] = "fp32"

    def images(self, images: Tensor) -> Tensor:
        """Embeddings (B, d) in float32 of uint8 images (B, 3, S, S)."""
        pixels = views.plain(images.to(self.device), self.phase.image_size)
        with self._autocast():
            return self.strategy.image_embedding(self.model, pixels).float()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (B, d) in float32."""
        tokens = self.tokenizer(list(texts), self.phase.text_length).to(self.device)
        with self._autocast():
            return self.strategy.text_embedding(self.model, tokens).float()

    @cached_property
    def tokenizer(self) -> SimpleTokenizer:
        """The architecture's tokenizer, read once."""
        return tokenizer(self.arch)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")


@contextmanager
def at_rest(subject: Subject) -> Iterator[None]:
    """Eval mode without gradients; afterwards the model is in the mode it was in."""
    modules: tuple[nn.Module, ...] = (subject.model, subject.strategy)
    before = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in zip(modules, before, strict=True):
            module.train(training)


def features_of(subject: Subject, opened: Opened, needs: frozenset[Need]) -> SetFeatures:
    """Embed a set's images and the texts that ``needs`` ask for; raises DataError when they are unusable."""
    images, labels, captions = _embed_images(subject, opened)
    texts = [text for texts in captions for text in texts] if Need.CAPTIONS in needs else []
    if Need.CLASSES in needs:
        texts += prompts(opened.classnames, opened.templates)
    rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    parts = [subject.texts(part) for part in _parts(list(rows))]
    text_features = torch.cat(parts) if parts else images[:0]
    _check_features(text_features, opened.name)
    return SetFeatures(
        dataset=opened.name,
        images=images,
        labels=labels,
        text_features=text_features,
        text_rows=rows,
        classnames=opened.classnames,
        templates=opened.templates,
        captions=captions,
    )


def labelled(subject: Subject, opened: Opened) -> Labelled:
    """Image features and labels of a training split."""
    images, labels, _ = _embed_images(subject, opened)
    return Labelled(images, labels)


def _embed_images(subject: Subject, opened: Opened) -> tuple[Tensor, Tensor, list[Sequence[str]]]:
    features, labels, captions = [], [], list[Sequence[str]]()
    for pictures in opened.batches(BATCH):
        features.append(subject.images(pictures.images))
        labels.append(pictures.labels)
        captions += pictures.captions
    if not features:
        raise DataError(f"evaluation set {opened.name} has no images")
    images, known = torch.cat(features), torch.cat(labels)
    _check_features(images, opened.name)
    if opened.classnames and not 0 <= int(known.min()) <= int(known.max()) < len(opened.classnames):
        raise DataError(
            f"evaluation set {opened.name} has labels from {int(known.min())} to {int(known.max())}, "
            f"but {len(opened.classnames)} class names"
        )
    return images, known.to(subject.device), captions


def _check_features(features: Tensor, name: str) -> None:
    if not bool(features.isfinite().all() & (features.norm(dim=-1) > 0).all()):
        raise DataError(f"the model's embeddings of {name} are not finite or have no direction")


def _parts(texts: list[str]) -> Iterator[list[str]]:
    return (texts[start : start + BATCH] for start in range(0, len(texts), BATCH))
