"""Whether a budget dwarfs all that a study has run, so that its answer would be one about another world."""

from __future__ import annotations

from study.lookup.question import Question
from study.lookup.store import Sheet

DWARFED = 1000.0  # times: no law is worth asking so far out, and a rough idea of a device's speed is enough to tell


def dwarfed(sheet: Sheet, question: Question) -> bool:
    """Whether the budget is more than ``DWARFED`` times the most that a setting of the study took, in what is known."""
    amount = _amount(question)
    if amount is None:
        return False
    column, value = amount
    most = next(sheet.select(f"SELECT max({column}) AS most FROM settings", {}))["most"]
    return bool(most is not None and most * DWARFED < value)


def _amount(question: Question) -> tuple[str, float] | None:
    """The budget in a column of settings; hours on a named device as the FLOPs of its peak."""
    if question.budget is None:
        return None
    if question.budget.kind == "gpu_hours" and question.device is not None:
        return "train_flops", question.budget.value * 3600 * question.device.tflops * 1e12
    return question.budget.kind, question.budget.value


def told(asked: list[Sheet], small: list[Sheet]) -> str:
    """Which studies were asked in the place of those whose runs are too small for the budget."""
    names, others = (", ".join(str(sheet.facts["study"]) for sheet in some) for some in (asked, small))
    return f"{names} asked, since the budget is over {DWARFED:,.0f} times any run of {others}; --study asks these"
