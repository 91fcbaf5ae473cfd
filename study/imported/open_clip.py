"""open_clip's own tables: docs/openclip_results.csv, its classification and retrieval tables, model_profile.csv.

Columns are data sets by the names of DataComp's task list (github.com/mlfoundations/datacomp, tasklist.yml), which says
the metric of each, too: where none is named there it is top-1 accuracy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from study.imported import tags
from study.imported.cells import Cell
from study.imported.files import File, Row, Table
from study.imported.format import Findings, Format, Found, Reading

_TOP1 = {
    "ImageNet 1k": "imagenet1k", "CIFAR-10": "cifar10", "CIFAR-100": "vtab/cifar100",
    "CLEVR Counts": "vtab/clevr_count_all", "CLEVR Distance": "vtab/clevr_closest_object_distance",
    "Country211": "country211", "Describable Textures": "vtab/dtd", "EuroSAT": "vtab/eurosat", "Food-101": "food101",
    "GTSRB": "gtsrb", "ImageNet Sketch": "imagenet_sketch", "ImageNet v2": "imagenetv2", "ImageNet-A": "imagenet-a",
    "ImageNet-O": "imagenet-o", "ImageNet-R": "imagenet-r",
    "KITTI Vehicle Distance": "vtab/kitti_closest_vehicle_distance", "MNIST": "mnist", "ObjectNet": "objectnet",
    "Pascal VOC 2007": "voc2007", "PatchCamelyon": "vtab/pcam", "Rendered SST2": "renderedsst2",
    "RESISC45": "vtab/resisc45", "Stanford Cars": "cars", "STL-10": "stl10", "SUN397": "sun397", "SVHN": "vtab/svhn",
    "Camelyon17": "wilds/camelyon17",
}  # fmt: skip
_OTHER = {
    "Caltech-101": ("vtab/caltech101", "zeroshot_mean_per_class"),
    "FGVC Aircraft": ("fgvc_aircraft", "zeroshot_mean_per_class"),
    "Oxford Flowers-102": ("vtab/flowers", "zeroshot_mean_per_class"),
    "Oxford-IIIT Pet": ("vtab/pets", "zeroshot_mean_per_class"),
    "Flickr": ("flickr30k", "mean_recall_at_1"),
    "MSCOCO": ("mscoco_captions", "mean_recall_at_1"),
    "WinoGAViL": ("winogavil", "jaccard_10_to_12"),
    "iWildCam": ("wilds/iwildcam", "macro_f1"),
    "FMoW": ("wilds/fmow", "top1_of_worst_region"),
    "Dollar Street": ("dollar_street", "top5_of_worst_group"),
    "GeoDE": ("geode", "top1_of_worst_group"),
    "Average perf. on 38 datasets": ("datacomp_38_avg", "mean"),
    "Average perf. on 35 datasets": ("datacomp_35_avg", "mean"),
}
_RETRIEVAL = re.compile(r"(Flickr|MSCOCO) (image|text) retr\. R@(\d+)")
_KEYS = frozenset({"name", "pretrained"})
_SIZES = {"params (M)": ("params_m", 1.0), "FLOPs (B)": ("gmacs_per_sample", 0.5)}  # 2 operations a multiply-add


class OpenClip(Format):
    """A run is a model with its weights, as with clip-benchmark; sizes are those of the table where it has them."""

    title = "open_clip: docs/openclip_results.csv and the tables of classification and retrieval beside it"
    needs: ClassVar[Mapping[str, frozenset[str]]] = {
        "results": _KEYS | {"ImageNet 1k"},
        "retrieval_results": _KEYS | {"MSCOCO image retr. R@1"},
    }
    results = frozenset({"results", "retrieval_results"})

    def read(self, files: Sequence[File]) -> Findings:
        """Columns that are no known data set are left out, and named."""
        findings = Findings(facts={"source": "openclip", "title": "Models of open_clip"})
        findings.facts["citation"] = "github.com/mlfoundations/open_clip, docs"
        for table in (file for file in files if isinstance(file, Table)):
            known = {column: target for column in table.columns if (target := _target(column))}
            findings.found += [_found(row, known) for row in table.rows]
            others = [column for column in table.columns if column not in known | _SIZES and column not in _KEYS]
            if others:
                findings.notes.append(f"{table.path}: columns left out: {', '.join(others)}")
        return findings


def _target(column: str) -> tuple[str, str] | None:
    if column in _TOP1:
        return _TOP1[column], "zeroshot_top1"
    recall = _RETRIEVAL.fullmatch(column)
    if recall:
        return _OTHER[recall[1]][0], f"{recall[2]}_retrieval_recall_at_{recall[3]}"
    return _OTHER.get(column)


def _found(row: Row, known: Mapping[str, tuple[str, str]]) -> Found:
    arch, weights = row.cells["name"], row.cells["pretrained"]
    facts = tags.run_facts(arch, weights)
    facts |= {
        ours: Cell(row.cells[column], column, times) for column, (ours, times) in _SIZES.items() if column in row.cells
    }
    scores = [Reading(*target, Cell(row.cells[column], column)) for column, target in known.items()]
    return Found(f"{arch}/{weights}", row.place, facts, scores, tags.no_flops(arch))
