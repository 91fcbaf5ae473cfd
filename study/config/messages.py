"""What is wrong with a value, in words that name it and the nearest right one."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from study.config.document import Document, Problem
from study.config.fields import shown

# Words of other tools that no spelling distance would find.
_OTHER_WORDS = {
    "batch_size": "global_batch_size",
    "data": "source",
    "dataset": "source",
    "learning_rate": "lr",
    "model": "arch",
    "models": "arch",
    "resolution": "image_size",
    "samples": "samples_seen",
    "wd": "weight_decay",
}

_PHRASES = {
    "greater_than": "must be greater than {gt}, got {got}",
    "greater_than_equal": "must be at least {ge}, got {got}",
    "less_than": "must be less than {lt}, got {got}",
    "less_than_equal": "must be at most {le}, got {got}",
    "int_type": "must be a whole number, got {got}",
    "int_parsing": "must be a whole number, got {got}",
    "int_from_float": "must be a whole number, got {got}",
    "float_type": "must be a number, got {got}",
    "float_parsing": "must be a number, got {got}",
    "finite_number": "must be a finite number, got {got}",
    "bool_type": "must be true or false, got {got}",
    "bool_parsing": "must be true or false, got {got}",
    "string_type": "must be text, got {got}",
    "path_type": "must be a path, got {got}",
    "dict_type": "must be a mapping of settings, got {got}",
    "model_type": "must be a mapping of settings, got {got}",
    "model_attributes_type": "must be a mapping of settings, got {got}",
    "list_type": "must be a list, got {got}",
    "tuple_type": "must be a list, got {got}",
    "missing": "is missing",
}


def problem(document: Document, model: type[BaseModel], error: ErrorDetails) -> Problem:
    """One of pydantic's findings, with its place in the file."""
    return document.problem(error["loc"], words(model, error), at_key=error["type"] == "extra_forbidden")


def words(model: type[BaseModel], error: ErrorDetails) -> str:
    """What is wrong, without its place."""
    return _unknown_key(model, error["loc"]) if error["type"] == "extra_forbidden" else _wrong_value(error)


def _unknown_key(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    name, words = str(loc[-1]), sorted(_owner(model, loc[:-1]).model_fields)
    settings = _owner(model, ("grid",)).model_fields if "grid" in model.model_fields else None
    if len(loc) == 1 and settings is not None and (name in settings or name in _OTHER_WORDS):
        return "unknown key here; settings of runs belong under common: or grid:"
    other = _OTHER_WORDS.get(name)
    near = [other] if other in words else get_close_matches(name, words, n=1, cutoff=0.6)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known: {', '.join(words)}"


def _owner(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that holds the settings at ``loc``; of several plug-ins the one whose name is in the path."""
    owners = [model]
    for part in loc:
        inside = [m for owner in owners if part in owner.model_fields for m in _models(owner.model_fields[str(part)])]
        tagged = [m for m in owners if "name" in m.model_fields and part in get_args(m.model_fields["name"].annotation)]
        owners = inside or tagged or owners
    return owners[0]


def _models(annotation: Any) -> list[type[BaseModel]]:
    kind = annotation.annotation if isinstance(annotation, FieldInfo) else annotation
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for inner in get_args(kind) for model in _models(inner)]


def _wrong_value(error: ErrorDetails) -> str:
    """What pydantic found, in this project's words."""
    got = shown(error["input"])
    if error["type"] == "literal_error":
        return _not_among(error["ctx"]["expected"], error["input"], got)
    if error["type"] in _PHRASES:
        limits: dict[str, Any] = error.get("ctx", {})
        return _PHRASES[error["type"]].format(got=got, **{k: _plain(v) for k, v in limits.items()})
    if error["type"] in ("told", "value_error"):
        return error["msg"].removeprefix("Value error, ")
    return f"{error['msg']}, got {got}"


def _not_among(expected: str, value: Any, got: str) -> str:
    words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    near = get_close_matches(str(value), words, n=1, cutoff=0.6)
    return f"must be {expected}, got {got}" + (f"; did you mean {near[0]}?" if near else "")


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
