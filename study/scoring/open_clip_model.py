"""Any model of open_clip with the user's weights as a scorer: its own tokenizer, and images as it takes them."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from study.data.decoding import Frame
from study.errors import DataError
from study.scoring.hub import check_tower, first_line, tokenizer
from study.scoring.published import Prepared, Taken, is_tag, prepared, tags, taken
from study.scoring.request import OpenClipRef, Request, Scored, file_hash, local_folder
from study.scoring.scorer import Scorer
from study.train.device import Place


class OpenClipScorer(Scorer):
    """open_clip's own model."""

    def __init__(
        self, model: Any, tokenizer: Any, images: Prepared, place: Place, precision: Literal["fp32", "bf16"]
    ) -> None:
        self.model, self.tokenizer = model.to(place.device).eval(), tokenizer
        self.place, self.precision, self._frame = place, precision, images.frame
        self.mean, self.std = (self._channels(values) for values in (images.mean, images.std))

    def _channels(self, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, device=self.place.device).view(1, 3, 1, 1) * 255

    @property
    def frame(self) -> Frame:
        """As its configuration and its weights say."""
        return self._frame

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
    """The model with its weights, and its name; no pickle is executed.

    Nothing is fetched unless ``by.download``, where HF_HUB_OFFLINE was set before open_clip was loaded.

    Raises DataError for what is not on this machine, for weights that are not this model's, and for those of which it
    is not known how they take images.
    """
    with _quiet():
        weights, how = _weights(by), taken(by)
        reader = tokenizer(by)
        model = _model(by, weights, how)
    images = prepared(model.visual.preprocess_cfg)
    scored = Scored(
        column=request.column,
        model=by.model,
        pretrained=by.pretrained or weights.name,
        weights=file_hash(weights),
        how=images.words + ("; QuickGELU" if how.quick_gelu else ""),
    )
    return OpenClipScorer(model, reader, images, place, place.precision(request.precision)), scored


def _model(by: OpenClipRef, weights: Path, how: Taken) -> Any:
    import open_clip

    import study.export  # noqa: F401  # the folders that it writes may need it

    check_tower(by)
    try:
        return open_clip.create_model(
            by.model,
            None if local_folder(by.model) else str(weights),
            force_preprocess_cfg=dict(how.images),
            force_quick_gelu=how.quick_gelu,  # open_clip itself only warns of weights that want it
            pretrained_text=False,
            weights_only=True,
        )
    except (RuntimeError, KeyError, TypeError, ValueError, OSError, pickle.UnpicklingError) as error:
        raise DataError(f"{weights} cannot be loaded into {by.model}: {first_line(error)}") from error


def _weights(by: OpenClipRef) -> Path:
    """The file of the weights, fetched only where that was asked for."""
    from open_clip.pretrained import download_pretrained, get_pretrained_cfg

    folder = local_folder(by.model)
    if folder:
        return _weights_in(folder)
    if Path(by.pretrained).is_file():
        return Path(by.pretrained)
    if not is_tag(by.model, by.pretrained):
        known = ", ".join(tags(by.model)) or "none"
        raise DataError(f"--pretrained {by.pretrained}: neither a file nor a tag of {by.model}; its tags: {known}")
    try:
        return Path(download_pretrained(get_pretrained_cfg(by.model, by.pretrained)))
    except Exception as error:  # broad: whatever a network or a store of models raises
        way = f" ({first_line(error)})" if by.download else "; to fetch them add --download, or give a file of weights"
        raise DataError(f"the weights {by.pretrained!r} of {by.model} are not on this machine{way}") from error


def _weights_in(folder: Path) -> Path:
    from open_clip.factory import _find_checkpoint_in_dir  # which of several it would load

    found = _find_checkpoint_in_dir(folder)
    if found is None:
        raise DataError(f"{folder} has no weights (.safetensors, .bin or .pth) beside its configuration")
    return Path(found)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without open_clip's lines on how it builds a model."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
