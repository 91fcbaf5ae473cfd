"""clip-benchmark's names of scores in this project's words (github.com/LAION-AI/CLIP_benchmark, its metrics/)."""

from __future__ import annotations

import re

_NAMES = {
    "acc1": "zeroshot_top1",
    "acc5": "zeroshot_top5",
    "mean_per_class_recall": "zeroshot_mean_per_class",
    "mean_average_precision": "zeroshot_mean_average_precision",
    "lp_acc1": "linear_probe_top1",
    "lp_acc5": "linear_probe_top5",
    "lp_mean_per_class_recall": "linear_probe_mean_per_class",
    "image_acc": "image_choice",
    "text_acc": "text_choice",
    "acc": "image_and_text_choice",
}
# What these and our own evaluations are called; others may have more.
KNOWN = frozenset(
    {*_NAMES.values(), *(f"{of}_retrieval_recall_at_{k}" for of in ("image", "text") for k in (1, 5, 10))}
)
_RECALL = re.compile(r"(image|text)_retrieval_recall@(\d+)")


def metric(name: str, shots: str = "-1") -> str | None:
    """The name in our tables; none for what is no score from 0 to 1, such as CIDEr or the number of epochs.

    ``shots`` is clip-benchmark's ``fewshot_k``: a linear probe on so many images a class is another metric than one
    on all of them (-1).
    """
    recall = _RECALL.fullmatch(name)
    if recall:
        return f"{recall[1]}_retrieval_recall_at_{recall[2]}"
    ours = _NAMES.get(name)
    few = ours is not None and name.startswith("lp_") and shots not in ("", "-1")
    return f"{ours}_{shots}_shot" if few else ours


def dataset(name: str, language: str = "en") -> str:
    """A data set's name, whichever form it was read in; other languages than English are other data sets."""
    plain = name.removeprefix("wds/")
    return plain if language in ("", "en") else f"{plain}/{language}"
