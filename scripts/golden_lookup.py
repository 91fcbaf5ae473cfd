"""Write the golden answers of look-ups: what study.lookup says of a made-up study, which the report page must say too.

    python scripts/golden_lookup.py

Look at what changed before it is committed: ``git diff tests/lookup/golden.json``.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import asdict
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from study.io import write_text
from study.lookup import Budget, lookup
from study.lookup.page import block

TESTS = Path(__file__).parents[1] / "tests" / "lookup"
QUESTIONS = [
    {"budget": budget, "gpu": gpu, "gpus": 8, "pairs": pairs, "target": None, "top": 20}
    for budget, gpu, pairs in product((4.0, 40.0, 4000.0), ("h100", "v100"), (None, 2e6))
]
QUESTIONS += [
    {"budget": 40.0, "gpu": "h100", "gpus": gpus, "pairs": pairs, "target": target, "top": 20}
    for gpus, pairs, target in ((1, 1e6, 0.3), (8, None, 0.5), (64, 1e8, 0.6), (8, 1e6, 0.6), (8, None, 0.999))
]
QUESTIONS += [{**QUESTIONS[-4], "strategy": "clip", "quality": quality} for quality in ("clean", "all")]
QUESTIONS += [{**QUESTIONS[-1], "target": 0.1}]  # which some runs may reach below the search
QUESTIONS += [
    {**QUESTIONS[0], "budget": budget} for budget in (4e5, 1e40)
]  # far beyond all laws, and within reach of none
KEPT = (
    "rank", "label", "score", "low", "high", "n", "tied", "samples_seen", "unique_pairs", "global_batch_size",
    "train_flops", "gpu_hours", "gpu_hours_low", "gpu_hours_high", "memory_gib", "memory_from", "outside", "nearest",
    "note", "provisional", "caution", "at_most",
)  # fmt: skip


def answers(results: Path) -> list[dict[str, Any]]:
    """What ``lookup`` says to each question, of what a page shows."""
    return [{"question": one, **_answer(results, one)} for one in QUESTIONS]


def _answer(results: Path, question: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in question.items() if name not in ("budget", "top")}
    found = lookup("planted", Budget("gpu_hours", question["budget"]), results, top=question["top"], **given)
    kinds = {"measured": found.measured, "predicted": found.predicted, "reached": found.reached}
    left_out = next((note for note in found.notes if "laws are left out: the question lies" in note), "")
    return {
        **{kind: [_kept(asdict(option)) for option in options] for kind, options in kinds.items()},
        "left_out": left_out,
    }


def _kept(option: dict[str, Any]) -> dict[str, Any]:
    return {name: option[name] for name in KEPT if name in option}


def _lines(page: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """JSON with a line an answer, so that a difference shows which."""
    lines = ",\n".join(json.dumps(one, allow_nan=False) for one in found)
    return f'{{"block":\n{json.dumps(page, allow_nan=False)},\n"answers": [\n{lines}\n]}}\n'


def planted(results: Path) -> None:
    """Write the made-up study of the tests."""
    found = importlib.util.spec_from_file_location("planted", TESTS / "planted.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    module.write(results / "planted")


def main() -> None:
    """Write the data of the page and the answers."""
    with TemporaryDirectory() as folder:
        results = Path(folder)
        planted(results)
        page = block(results, "planted")
        assert page is not None
        page["costs"] = {name: page["costs"][name] for name in ("h100", "v100")}
        write_text(TESTS / "golden.json", _lines(page, answers(results)))


if __name__ == "__main__":
    main()
