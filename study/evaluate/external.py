"""Data sets that clip-benchmark reads, by its name for them and the folder the user keeps them in.

clip-benchmark builds the data set and brings class names and templates. It would also download some
of what is missing, in the middle of a run; here a missing file is an error that names it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from clip_benchmark.datasets import builder
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from torchvision import transforms

from study.errors import DataError, StudyError
from study.evaluate.opened import NO_LABELS, Opened, Pictures
from study.registry import unknown_name

# What clip-benchmark 1.6 downloads by itself when it is not there: build_dataset() in its datasets/builder.py
NEEDED = {
    "crossmodal3600": ("crossmodal3600_captions-en.json",),
    "flickr30k": ("flickr30k_{split}_karpathy.txt",),
    "flickr8k": ("flickr8k_{split}_karpathy.txt",),
    "imagenetv2": ("ImageNetV2-matched-frequency",),
    "mscoco_captions": ("val2014", "coco_{split}_karpathy.json"),
    "multilingual_mscoco_captions": ("multilingual_mscoco_captions-en.json",),
    "xtd10": ("xtd10-en.json",),
}
WORTH_WORKERS = 4096  # images


def rgb(image: Image.Image) -> Image.Image:
    """Three channels, as open_clip's transform has it after resizing."""
    return image.convert("RGB")


def pixels(size: int) -> transforms.Compose:
    """open_clip's transform for evaluation up to its normalisation, which is done on the device: uint8."""
    bicubic = transforms.InterpolationMode.BICUBIC
    steps = [transforms.Resize(size, bicubic), transforms.CenterCrop(size), rgb, transforms.PILToTensor()]
    return transforms.Compose(steps)


def open_external(name: str, root: Path, size: int, split: str = "test") -> Opened:
    """Open a data set by clip-benchmark's name for it.

    Raises UnknownNameError for a name that clip-benchmark does not know, and DataError that names the folder
    and what is wrong with it.
    """
    task = _task(name, root)
    _require(name, root, split)
    classes = task == "zeroshot_classification"
    found = _build(name, root, size, split, task)
    return Opened(
        name=name,
        batches=partial(_batches, found, f"evaluation set {name} in {root}", classes),
        classnames=list(found.classes) if classes else (),
        templates=list(found.templates) if classes else (),
        captioned=not classes,
        training=partial(open_external, name, root, size, "train") if classes else None,
    )


def _task(name: str, root: Path) -> str:
    """What clip-benchmark would run on the set; a WebDataset folder says it in a file."""
    if not root.is_dir():
        raise DataError(f"evaluation set {name}: there is no folder {root}; give the folder of its files")
    if name.startswith("wds/"):
        kind = root / "dataset_type.txt"
        retrieval = kind.is_file() and kind.read_text().strip().lower() == "retrieval"
        return "zeroshot_retrieval" if retrieval else "zeroshot_classification"
    task = str(builder.get_dataset_default_task(name))
    if task == "image_caption_selection":
        raise DataError(f"evaluation set {name}: choosing one of two captions is not a metric of this project")
    return task


def _require(name: str, root: Path, split: str) -> None:
    for pattern in NEEDED.get(name, ()):
        path = root / pattern.format(split=split)
        if not path.exists():
            raise DataError(f"evaluation set {name}: {path} is missing; put it there, runs do not download anything")


def _build(name: str, root: Path, size: int, split: str, task: str) -> Any:
    try:
        with _quietly():
            return builder.build_dataset(
                name, root=str(root), transform=pixels(size), split=split, download=False, task=task
            )
    except Exception as error:  # any of the libraries behind a hundred data sets
        if str(error).startswith("Unsupported dataset"):
            raise unknown_name("evaluation set", name, known_names()) from error
        raise _unreadable(f"evaluation set {name} in {root}: its split {split}", error) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what clip-benchmark prints on files that may be missing, and its own use of webdataset."""
    with redirect_stdout(StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"WebDataset\(shardshuffle")
        yield


def known_names() -> list[str]:
    """Names that clip-benchmark lists somewhere; it knows some more."""
    listed = {name for names in builder.dataset_collection.values() for name in names}
    return sorted(listed | {"imagenet1k-unverified", "wds/NAME"})


def _unreadable(what: str, error: Exception) -> StudyError:
    lines = str(error).strip().splitlines() or ["no reason given"]
    # an error in a loader's process comes with its traceback, and its message at the end
    reason = lines[-1] if "Original Traceback" in str(error) else f"{type(error).__name__}: {lines[0]}"
    return DataError(f"{what} cannot be read: {reason}")


def _workers(found: Any) -> int:
    """Processes that decode: the threads of the run beside its own, where that pays for their start."""
    large = not isinstance(found, IterableDataset) and len(found) > WORTH_WORKERS
    return torch.get_num_threads() - 1 if large else 0


def _batches(found: Any, what: str, classes: bool, count: int) -> Iterator[Pictures]:
    collate = torch.utils.data.default_collate if classes else builder.image_captions_collate_fn
    loader = DataLoader(found, batch_size=count, num_workers=_workers(found), collate_fn=collate)
    batches = iter(loader)
    while True:
        try:
            images, targets = next(batches)
        except StopIteration:
            return
        except Exception as error:  # a damaged image or archive, a class folder without images
            raise _unreadable(what, error) from error
        yield Pictures(images, _labels(targets, what)) if classes else Pictures(images, NO_LABELS, targets)


def _labels(targets: Tensor, what: str) -> Tensor:
    if targets.ndim != 1:
        raise DataError(f"{what} has several labels an image; only sets with one label an image can be scored")
    return targets.long()
