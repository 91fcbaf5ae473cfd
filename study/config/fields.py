"""Types of a grid's settings: numbers as people write them, and values that may be a list."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, GetJsonSchemaHandler, PlainValidator, Strict, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

_UNITS = {"k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "t": 10**12}
_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgbt])", re.IGNORECASE)


def number(value: Any) -> Any:
    """``"3.4B"`` as 3400000000; anything else as it is, for the validator to judge."""
    match = _WITH_UNIT.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return value
    exact = Decimal(match[1]) * _UNITS[match[2].lower()]
    return int(exact) if exact == int(exact) else float(exact)


def whole(value: Any) -> Any:
    """As ``number``; and ``1e6``, which YAML reads as a fraction, as 1000000."""
    given = number(value)
    return int(given) if isinstance(given, float) and given.is_integer() else given


def shown(value: Any) -> str:
    """A value as a person would recognise it from the file."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _size(value: Any) -> int | float | None:
    given = whole(value) if value != 1.0 or isinstance(value, int) else value
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= 1):
        return given
    if isinstance(given, float) and 0 < given <= 1:
        return given
    raise PydanticCustomError(
        "told",
        "must be a share above 0 and up to 1.0, or a whole number of pairs such as 5000 or 10M, got {got}",
        {"got": shown(value)},
    )


_SIZE_SCHEMA = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "description": "up to 1.0: share; whole number: pairs"},
        {"type": "string", "pattern": r"^\d+(\.\d+)? *[kKmMgGbBtT]$"},
        {"type": "null"},
    ]
}
Size = Annotated[int | float | None, PlainValidator(_size), WithJsonSchema(_SIZE_SCHEMA)]


class _LoneValue:
    """Tells editors that an axis may be one value as well as a list of them."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        listed = handler(core)
        return {"anyOf": [listed["items"], listed]}


class _UnitText:
    """Tells editors that a number may be written with a unit."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(core), {"type": "string", "pattern": r"^\d+(\.\d+)? *[kKmMgGbBtT]$"}]}


def listed(value: Any) -> Any:
    """A lone value as a list of one; an empty list is refused."""
    if value == []:
        raise PydanticCustomError("told", "is empty; give at least one value")
    return tuple(value) if isinstance(value, list) else (value,)


def axis(item: Any) -> Any:
    """The type of a setting whose values are of type ``item``: one value, or a list that is then an axis."""
    return Annotated[tuple[item, ...], BeforeValidator(listed), _LoneValue()]


def large(item: Any, is_whole: bool) -> Any:
    """A number of type ``item``, also accepted as text with a unit such as ``10M``, but no other text."""
    return Annotated[item, Strict(), BeforeValidator(whole if is_whole else number), _UnitText()]
