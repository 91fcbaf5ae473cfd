"""What open_clip's name of pretrained weights says: the data, and samples seen and batch where they are part of it.

``laion2b_s34b_b79k`` is LAION-2B, about 34e9 samples seen in batches of about 79 thousand pairs, as LAION explains it
(huggingface.co/laion/CLIP-ViT-H-14-laion2B-s32B-b79K, discussion 13). Both are rounded. Names with anything more to
them ("_ft", "_soup", "frozen_", "mscoco_finetuned_") are of models that were trained on, averaged or begun elsewhere.
"""

from __future__ import annotations

import re
from typing import Any

from study.imported.cells import Cell

POOLS = {  # distinct pairs, as the published tables of this project have them
    "LAION-80M": 80_000_000,
    "LAION-400M": 407_000_000,
    "LAION-2B": 2_000_000_000,
    "LAION-5B": 5_000_000_000,
    "CLIP-WIT": 400_000_000,
    "DataComp-1B": 1_400_000_000,
}
_DATA = {
    "openai": "CLIP-WIT",
    "laion400m": "LAION-400M",
    "laion2b": "LAION-2B",
    "laion5b": "LAION-5B",
    "laion_aesthetic": "LAION-Aesthetic",
}
_SIZED = re.compile(r"(?P<data>[a-z0-9_]+?)_s(?P<samples>\d+[mb])_b(?P<batch>\d+k)")
_POOL = re.compile(r"(?P<pool>datacomp|commonpool)_(?P<scale>s|m|l|xl)(?:_(?P<filter>basic|text|image|laion|clip))?")
_STATED = {"laion400m_e32": {"pretrain_data": "LAION-400M", "samples_seen": 32 * 407_332_084}}  # arXiv:2212.07143


def facts(tag: str) -> dict[str, Any]:
    """Columns of the runs table that the name tells; ``pretrain_data`` is the name itself where it is not known."""
    sized = _SIZED.fullmatch(tag)
    known = _data(sized["data"] if sized else tag)
    if tag in _STATED:
        known = dict(_STATED[tag])
    if known and "pretrain_data" in known:
        known.setdefault("unique_pairs", POOLS.get(known["pretrain_data"]))
    if known is None:
        return {"pretrain_data": tag}
    if sized:
        known |= {"samples_seen": sized["samples"], "global_batch_size": sized["batch"]}
        known["note"] = "samples and batch size by the name of the weights, rounded"
    return known


def _data(name: str) -> dict[str, Any] | None:
    if name in _DATA:
        return {"pretrain_data": _DATA[name]}
    pool = _POOL.fullmatch(name)
    if pool is None:
        return None
    chosen = "datacomp" if pool["pool"] == "datacomp" else pool["filter"] or "none"
    return {"pretrain_data": f"CommonPool-{pool['scale']}", "quality": chosen}


def run_facts(arch: str, weights: str) -> dict[str, Cell]:
    """What the two names of an open_clip model tell of its run."""
    return {"arch": Cell(arch), "strategy": Cell(_strategy(arch))} | {
        name: Cell(value, "pretrained") for name, value in facts(weights).items()
    }


def _strategy(arch: str) -> str:
    marks = {"SigLIP": "siglip", "CLIPA": "clipa", "coca_": "coca"}
    return next((strategy for mark, strategy in marks.items() if mark in arch), "clip")


def no_flops(arch: str) -> str | None:
    """Why a model's training cannot be counted from its samples: a tower came trained from elsewhere."""
    begun = re.search(r"EVA|roberta|mt5|nllb|LiT", arch)
    return f"a tower was trained before: {begun[0]}" if begun else None
