"""Any model of open_clip with the user's weights as a scorer; its own tokenizer and normalisation."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from study.errors import DataError, PlanError
from study.scoring.request import OpenClipRef, Request, Scored, file_hash
from study.scoring.scorer import Scorer
from study.train.device import Place

OFFLINE = "HF_HUB_OFFLINE"  # read by huggingface_hub when it is first imported


class OpenClipScorer(Scorer):
    """open_clip's own model, whose images are resized and cut as this project's are."""

    def __init__(self, model: Any, tokenizer: Any, place: Place, precision: Literal["fp32", "bf16"]) -> None:
        config = model.visual.preprocess_cfg
        if config["resize_mode"] != "shortest":
            raise PlanError(f"the model takes images resized by {config['resize_mode']!r}, which is not done here")
        self.model, self.tokenizer, self.place, self.precision = (
            model.to(place.device).eval(),
            tokenizer,
            place,
            precision,
        )
        self.size = config["size"] if isinstance(config["size"], int) else config["size"][0]
        self.mean, self.std = (self._channels(config[name]) for name in ("mean", "std"))

    def _channels(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, device=self.place.device).view(1, 3, 1, 1) * 255

    @property
    def image_size(self) -> int:
        """As its configuration says."""
        return int(self.size)

    @torch.no_grad()
    def images(self, images: Tensor) -> Tensor:
        """Embeddings in float32 by the image tower."""
        pixels = (images.to(self.place.device).float() - self.mean) / self.std
        with self._autocast():
            embedding: Tensor = self.model.encode_image(pixels)
        return embedding.float()

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings in float32 by the text tower."""
        tokens = self.tokenizer(list(texts)).to(self.place.device)
        with self._autocast():
            embedding: Tensor = self.model.encode_text(tokens)
        return embedding.float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.place.device.type, torch.bfloat16, enabled=self.precision == "bf16")


def open_clip_scorer(request: Request, by: OpenClipRef, place: Place) -> tuple[OpenClipScorer, Scored]:
    """The model with its weights, and its name; nothing is fetched unless ``by.download``, no pickle is executed.

    Raises DataError for weights that are not there or not this model's.
    """
    if not by.download:
        os.environ[OFFLINE] = "1"
    import open_clip

    with _quiet():
        weights = _weights(by)
        try:
            # the tag, where it is one: it says how images are normalised
            pretrained = by.pretrained if _is_tag(by) else str(weights)
            model = open_clip.create_model(by.model, pretrained, pretrained_text=False, weights_only=True)
            tokenizer = open_clip.get_tokenizer(by.model)
        except (RuntimeError, KeyError, ValueError, OSError, pickle.UnpicklingError) as error:
            raise DataError(f"{weights} cannot be loaded into {by.model}: {_first_line(error)}") from error
    scored = Scored(column=request.column, model=by.model, pretrained=by.pretrained, weights=file_hash(weights))
    return OpenClipScorer(model, tokenizer, place, place.precision(request.precision)), scored


def _is_tag(by: OpenClipRef) -> bool:
    from open_clip.pretrained import is_pretrained_cfg

    return bool(is_pretrained_cfg(by.model, by.pretrained)) and not Path(by.pretrained).is_file()


def _weights(by: OpenClipRef) -> Path:
    """The file of the weights, fetched only where that was asked for."""
    from open_clip.pretrained import download_pretrained, get_pretrained_cfg, list_pretrained_tags_by_model

    if Path(by.pretrained).is_file():
        return Path(by.pretrained)
    if not _is_tag(by):
        tags = ", ".join(list_pretrained_tags_by_model(by.model)) or "none"
        raise DataError(f"--pretrained {by.pretrained}: neither a file nor a tag of {by.model}; its tags: {tags}")
    try:
        return Path(download_pretrained(get_pretrained_cfg(by.model, by.pretrained)))
    except Exception as error:  # broad: whatever a network or a store of models raises
        way = "" if by.download else "; to fetch them add --download, or give a file of weights"
        raise DataError(f"the weights {by.pretrained!r} of {by.model} are not on this machine{way}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's lines on how it builds a model."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
