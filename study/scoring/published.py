"""What open_clip knows of published weights: how images are prepared for them, and which activation they have.

A file of weights says neither, so that it is taken as the tags of its model are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

from study.data.decoding import Frame
from study.data.decoding.frame import Interpolation
from study.errors import DataError, PlanError
from study.scoring.request import OpenClipRef, local_folder

WAYS = ("mean", "std", "interpolation", "resize_mode", "fill_color")  # of open_clip's PreprocessCfg, but for the size


class Taken(NamedTuple):
    """How weights want their model built and fed; ``images`` has those of ``WAYS`` that are not open_clip's own."""

    images: Mapping[str, Any]
    quick_gelu: bool


class Prepared(NamedTuple):
    """What images are made to fit, and the mean and deviation of their channels, of levels from 0 to 1."""

    frame: Frame
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def words(self) -> str:
        """As it stands beside scores."""
        frame, levels = self.frame, (" ".join(f"{value:.6g}" for value in values) for values in (self.mean, self.std))
        fill = f", filled with {frame.fill}" if frame.mode == "longest" else ""
        kind = f"{frame.mode} {frame.height}x{frame.width} {frame.interpolation}{fill}"
        return f"{kind}; mean {next(levels)}; std {next(levels)}"


def prepared(config: Mapping[str, Any]) -> Prepared:
    """How a model takes images, of open_clip's ``PreprocessCfg``; raises PlanError for a way that is not known here."""
    size, mode, kind = config["size"], config["resize_mode"], config["interpolation"]
    height, width = (size, size) if isinstance(size, int) else size
    if kind == "random" or (mode == "shortest" and height != width):
        kind = "bicubic"  # as in open_clip
    if mode not in ("shortest", "squash", "longest") or kind not in get_args(Interpolation):
        raise PlanError(f"the model takes images resized by {mode!r} with {kind!r}, which is not done here")
    mean, std = (tuple(map(float, _three(config[name]))) for name in ("mean", "std"))
    return Prepared(Frame(height, width, mode, kind, config["fill_color"]), mean, std)


def _three(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, (list, tuple)) else (values,) * 3


def is_tag(model: str, name: str) -> bool:
    """Whether open_clip publishes such weights of a model."""
    from open_clip.pretrained import is_pretrained_cfg

    return bool(is_pretrained_cfg(model, name))


def tags(model: str) -> list[str]:
    """Published weights of a model, by open_clip's names."""
    from open_clip.pretrained import list_pretrained_tags_by_model

    return list(list_pretrained_tags_by_model(model))


def taken(by: OpenClipRef) -> Taken:
    """How the weights are taken: as their tag, as the tag that is named, or as all tags of the model agree.

    Raises DataError where the tags do not agree on images, and for a tag that is none of the model's.
    """
    if local_folder(by.model):
        return Taken({}, False)  # its configuration says
    if by.as_tag and not is_tag(by.model, by.as_tag):
        raise DataError(f"--as-tag {by.as_tag}: no tag of {by.model}; its tags: {', '.join(tags(by.model)) or 'none'}")
    named = by.as_tag or (by.pretrained if not Path(by.pretrained).is_file() else None)
    known = {tag: _taken(by.model, tag) for tag in ([named] if named else tags(by.model))}
    ways = {str(one.images): tag for tag, one in known.items()}
    if len(ways) > 1:
        choice = " or ".join(f"--as-tag {tag} ({_differing(known[tag], known)})" for tag in ways.values())
        raise DataError(
            f"published weights of {by.model} take images in several ways; say which the file does: {choice}"
        )
    images = next(iter(known.values())).images if known else {}
    return Taken(images, bool(known) and all(one.quick_gelu for one in known.values()))


def _taken(model: str, tag: str) -> Taken:
    from open_clip.pretrained import get_pretrained_cfg

    config = get_pretrained_cfg(model, tag)
    return Taken({name: config[name] for name in WAYS if name in config}, bool(config.get("quick_gelu")))


def _differing(one: Taken, known: Mapping[str, Taken]) -> str:
    """The ways that are not the same for all."""
    names = [name for name in WAYS if len({str(other.images.get(name)) for other in known.values()}) > 1]
    return ", ".join(f"{name} {one.images.get(name)}" for name in names)
