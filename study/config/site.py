"""The user's ``hardware.yaml``: devices and prices of their own, checked like a grid, every mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from study.config import messages
from study.config.document import Document, Problem, in_order
from study.config.document import read as read_document
from study.errors import GridError, StudyError
from study.hardware import BUILT_IN, DEVICES, Device, Site, find, plain
from study.records import Frozen

FILE = Path("hardware.yaml")  # in the working directory, as the folders results and reports are
_NEEDED = ("tflops", "memory_gib", "bandwidth_gb_s", "watts")

Positive = Annotated[float | None, Field(gt=0, strict=True)]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError("told", "not a regular expression: {why}", {"why": str(error)}) from error
    return text


def _some(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("told", "is empty; say where the numbers come from")
    return text


class OwnDevice(Frozen):
    """A device of the user's own, or a known one with numbers that replace the table's."""

    name: str = Field(strict=True, description="as grids name it")
    tflops: Positive = Field(None, description="dense peak in bf16, or fp32 where there is none; of a CPU, a thread's")
    tflops_fp32: Positive = Field(None, description="dense peak in fp32 beside bf16, without TF32; default: unknown")
    memory_gib: Positive = None
    bandwidth_gb_s: Positive = None
    watts: Positive = Field(None, description="at full power; of a CPU, a thread's")
    has_bf16: bool | None = Field(None, strict=True, description="whether it computes in bf16; default: a GPU does")
    driver_name: Annotated[str, AfterValidator(_pattern)] | None = Field(
        None, strict=True, description="regular expression over the name that the driver gives; default: the name"
    )
    source: Annotated[str, AfterValidator(_some)] = Field(strict=True, description="where the numbers come from")

    def device(self) -> Device:
        """The row that the table gets."""
        given = self.model_dump(exclude={"name"}, exclude_none=True)
        known = DEVICES.get(plain(self.name))
        if known is not None:
            given["source"] = f"{self.source}; the rest: {known.source}"
            return replace(known, **given, peak_is_assumed=known.peak_is_assumed and self.tflops is None)
        return Device(**{"name": plain(self.name), "driver_name": f"(?i){re.escape(self.name)}", **given})


class SiteFile(Frozen):
    """What ``hardware.yaml`` may say."""

    devices: tuple[OwnDevice, ...] = ()
    prices: dict[str, Annotated[float, Field(gt=0, strict=True)]] = Field(
        default_factory=dict, description="device: dollars an hour of one, of one thread of a CPU"
    )
    co2_grams_per_kwh: Positive = Field(None, description="of the electricity that is used")
    pue: Annotated[float | None, Field(ge=1, strict=True)] = Field(
        None, description="energy that the building takes over what its machines take"
    )


def site_path(given: Path | None) -> Path | None:
    """The file that says what the hardware is: the one given, else ``hardware.yaml`` here if there is one."""
    return given or (FILE if FILE.exists() else None)


def read_site(path: Path | None) -> Site:
    """Read and check a file of devices and prices; without one, the built-in table and no price.

    Raises GridError with all its mistakes at once.
    """
    if path is None:
        return BUILT_IN
    document = read_document(path, "give devices:, prices: or co2_grams_per_kwh:, or remove it")
    try:
        file, details = SiteFile.model_validate(document.data), []
    except ValidationError as error:
        file, details = None, error.errors()
    problems = document.problems + [messages.problem(document, SiteFile, one) for one in details]
    problems += _across(document)
    if problems or file is None:
        raise GridError(in_order(problems))
    return _site(file)


def _site(file: SiteFile) -> Site:
    own = {device.name: device for device in (row.device() for row in file.devices)}
    known = {**own, **{name: device for name, device in DEVICES.items() if name not in own}}
    for name, dollars in file.prices.items():
        device = find(name, known)
        known[device.name] = replace(device, dollars_per_hour=dollars)
    return Site(known, file.co2_grams_per_kwh, file.pue)


def _across(document: Document) -> Iterator[Problem]:
    """Mistakes that no value shows by itself: new rows with holes, names twice, prices of nothing."""
    data = document.data if isinstance(document.data, dict) else {}
    rows, prices = data.get("devices"), data.get("prices")
    names: set[str] = set()
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        yield from _row(document, index, row, names)
    known = {**DEVICES, **{name: replace(DEVICES["cpu"], name=name) for name in names}}
    priced: set[str] = set()
    for name in prices if isinstance(prices, dict) else ():
        yield from _priced(document, name, known, priced)


def _row(document: Document, index: int, row: Any, names: set[str]) -> Iterator[Problem]:
    name = row.get("name") if isinstance(row, dict) else None
    if not isinstance(name, str):
        return
    own, loc = plain(name), ("devices", index, "name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", own):
        yield document.problem(loc, f"must be letters, digits, dots and dashes, such as b200, got {name!r}")
    elif own in names:
        yield document.problem(loc, f"a second row for {own}; keep one")
    holes = [field for field in _NEEDED if own not in DEVICES and field not in row]
    if holes:
        yield document.problem(loc, f"a new device needs {', '.join(holes)}, too")
    names.add(own)


def _priced(document: Document, name: str, known: dict[str, Device], priced: set[str]) -> Iterator[Problem]:
    try:
        device = find(name, known)
    except StudyError as error:
        yield document.problem(("prices", name), str(error), at_key=True)
        return
    if device.name in priced:
        yield document.problem(("prices", name), f"a second price of {device.name}; keep one", at_key=True)
    priced.add(device.name)
