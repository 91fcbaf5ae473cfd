"""What some of open_clip's models take from a hub of models: a tokenizer, and the form of a text tower.

Loading torch is not needed to say what is missing on a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from study.errors import DataError
from study.io import read_json
from study.models.open_clip_named import hub_text_tower, hub_tokenizer, model_names
from study.registry import unknown_name
from study.scoring.request import OpenClipRef, local_folder

OFFLINE = "HF_HUB_OFFLINE"  # read by huggingface_hub when it is first imported
CONFIG = "open_clip_config.json"
HUB = ("transformers",)
SENTENCES = ("sentencepiece", "protobuf")  # which transformers reads vocabularies of sentencepiece's form with


class Reads(NamedTuple):
    """The tokenizer and the text tower of a model that are a hub's, none where they are open_clip's own."""

    tokenizer: str | None
    tower: str | None


def reads(model: str) -> Reads:
    """How a model takes text; raises UnknownNameError or DataError for a model that is not there."""
    folder = local_folder(model)
    if folder is None:
        if model not in model_names():
            raise unknown_name("open_clip model", model, sorted(model_names()))
        return Reads(hub_tokenizer(model), hub_text_tower(model))
    path = folder / CONFIG
    if not path.is_file():
        raise DataError(f"{path} does not exist; a folder of a model has it beside the weights")
    try:
        text = read_json(path)["model_cfg"]["text_cfg"]
        return Reads(str(folder) if text.get("hf_tokenizer_name") else None, text.get("hf_model_name"))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no configuration of open_clip's: it has no model_cfg with a text_cfg") from error


def check_packages(model: str) -> None:
    """Raise DataError where text cannot be read for a model, since a package is missing."""
    missing = absent(HUB) if any(reads(model)) else []
    if missing:
        raise DataError(f"{model} reads text by what is not installed; run: pip install {' '.join(missing)}")


def absent(packages: Sequence[str]) -> list[str]:
    """Those that are not installed."""
    return [package for package in packages if not _installed(package)]


def _installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def tokenizer(by: OpenClipRef) -> Any:
    """A model's own tokenizer: texts to int64 (B, length); raises DataError where it cannot be had."""
    from open_clip import get_tokenizer

    return _from_hub(by, "tokenizer", reads(by.model).tokenizer, lambda: get_tokenizer(by.model))


def check_tower(by: OpenClipRef) -> None:
    """Raise DataError where the form of a text tower cannot be had."""
    name = reads(by.model).tower

    def read() -> None:
        from transformers import AutoConfig

        AutoConfig.from_pretrained(str(name))

    if name:
        _from_hub(by, "text tower", name, read)


def _from_hub(by: OpenClipRef, what: str, name: str | None, read: Callable[[], Any]) -> Any:
    told = f"{by.model} takes its {what} from {name!r}" if name else f"{by.model} has a {what} of its own"
    try:
        return read()
    except OSError as error:
        if name is None or Path(name).is_dir():
            raise DataError(f"{told}, which cannot be read: {first_line(error)}") from error
        way = f"; it cannot be fetched: {first_line(error)}" if by.download else "; to fetch it add --download"
        raise DataError(f"{told} of a model hub, and it is not on this machine{way}") from error
    except (ImportError, ValueError, KeyError, RuntimeError) as error:
        missing = absent((*HUB, *SENTENCES))
        way = f"; run: pip install {' '.join(missing)}" if missing else ""
        raise DataError(f"{told}, which cannot be read ({first_line(error)}){way}") from error


def first_line(error: Exception) -> str:
    """What an error says, in a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
