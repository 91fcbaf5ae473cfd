"""Names of columns in words, and numbers as a reader wants them."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

MISSING = "–"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# clip-benchmark names a direction by what is retrieved; readers name it by what is asked and what is found
DIRECTIONS = {
    "image_retrieval_recall_at_": "text-to-image recall@",
    "text_retrieval_recall_at_": "image-to-text recall@",
}
COLUMNS = {
    "arch": "architecture",
    "family": "architecture family",
    "strategy_label": "strategy",
    "quality": "data quality",
    "unique_pairs": "pairs",
    "samples_seen": "samples seen",
    "global_batch_size": "batch size",
    "image_size": "image size",
    "text_length": "text length",
    "lr": "learning rate",
    "other_settings": "other settings",
    "train_flops": "training FLOPs",
    "source": "data source",
    "pretrain_data": "data pool",
    "gpu": "device",
}


def column(name: str) -> str:
    """A column's name in words."""
    return COLUMNS.get(name, name.replace("_", " "))


def metric(name: str) -> str:
    """A metric's name in words: image-to-text recall@5, zero-shot top-1."""
    for prefix, words in DIRECTIONS.items():
        if name.startswith(prefix):
            return words + name.removeprefix(prefix)
    return name.replace("zeroshot", "zero-shot").replace("_top", " top-").replace("_", " ")


def percent(share: float | None, digits: int = 1) -> str:
    """A share, 0 to 1, as a percentage."""
    return MISSING if share is None else f"{100 * share:.{digits}f} %"


def interval(low: float | None, high: float | None, digits: int = 1) -> str | None:
    """A 90 % interval of shares, as percentages; none where it is not known."""
    if low is None or high is None:
        return None
    return f"90 % interval {100 * low:.{digits}f} to {100 * high:.{digits}f} %"


def count(value: float | None) -> str:
    """A whole number, shortened from ten million on."""
    if value is None:
        return MISSING
    for size, suffix in ((1e9, " billion"), (1e7, " million")):
        if value >= size:
            return f"{value / (1e9 if size == 1e9 else 1e6):.3g}{suffix}"
    return f"{value:,.0f}"


def power_of_ten(value: float | None) -> str:
    """A large number as 1.2 × 10¹³."""
    if value is None:
        return MISSING
    mantissa, exponent = f"{value:.1e}".split("e")
    power = "10" + str(int(exponent)).translate(SUPERSCRIPTS)
    return power if mantissa == "1.0" else f"{mantissa} × {power}"


def duration(hours: float | None) -> str:
    """Hours in the unit that reads best."""
    if hours is None:
        return MISSING
    for size, unit in ((1.0, "h"), (1 / 60, "min")):
        if hours >= size:
            return f"{hours / size:,.3g} {unit}" if hours / size < 1000 else f"{hours / size:,.0f} {unit}"
    return f"{hours * 3600:.2g} s"


def number(value: float | None) -> str:
    """Three digits, or all of a large number's."""
    return MISSING if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def short(value: float | None) -> str:
    """Three digits; of a number that would be long, its power of ten."""
    return number(value) if value is None or 1e-3 <= abs(value) < 1e5 or value == 0 else power_of_ten(value)


def ratio(value: float | None) -> str:
    """Two decimals."""
    return MISSING if value is None else f"{value:.2f}"


def points(share: float | None) -> str:
    """A difference of shares in percentage points, with its sign."""
    if share is None:
        return MISSING
    rounded = round(100 * share, 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def text(value: object) -> str:
    """Anything else as it is."""
    return MISSING if value is None else str(value)


def plural(number_of: int, noun: str) -> str:
    """1 run, 2 runs."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


FORMATS: dict[str, Callable[[float | None], str]] = {
    "unique_pairs": count,
    "samples_seen": count,
    "global_batch_size": count,
    "image_size": lambda value: f"{count(value)} px",
    "text_length": lambda value: f"{count(value)} tokens",
    "lr": number,
    "train_flops": power_of_ten,
    "gpu_hours": duration,
}


def value(name: str, content: object) -> str:
    """A value of a column in words."""
    if isinstance(content, int | float) and name in FORMATS:
        return FORMATS[name](content)
    return text(content)


def hours_unit(runs: pl.DataFrame) -> str:
    """What an hour of the study is an hour of."""
    kinds = set(runs["device_kind"].drop_nulls())
    return {frozenset({"cpu"}): "CPU-hours", frozenset({"cuda"}): "GPU-hours"}.get(frozenset(kinds), "device-hours")


def time_unit(runs: pl.DataFrame) -> str:
    """The same for a time that carries its own unit: CPU time, GPU time."""
    return hours_unit(runs).replace("-hours", " time")
