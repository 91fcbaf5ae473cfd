"""Column layouts that others write, and a made-up row of some."""

LAION = (
    "arch", "samples_seen", "gmacs_total", "gmacs", "upstream_dataset", "downstream_dataset", "acc1", "acc5",
    "mean_per_class_recall", "image_retrieval_recall@5", "text_retrieval_recall@5", "mean_average_precision", "task",
    "samples_seen_pretty", "name",
)  # fmt: skip
LAION_INFO = (
    "name", "arch", "data", "samples_seen_pretty", "lr", "warmup", "epochs", "gpus", "samples_per_sec",
    "samples_per_epoch", "local_bs",
)  # fmt: skip
BENCHMARK = (
    "acc1", "acc5", "mean_per_class_recall", "dataset", "model", "pretrained", "task", "mean_average_precision",
    "image_retrieval_recall@5", "text_retrieval_recall@5", "model_fullname",
)  # fmt: skip
OPEN_CLIP = (
    "name", "pretrained", "params (M)", "FLOPs (B)", "Average perf. on 38 datasets", "ImageNet 1k", "Caltech-101",
    "Flickr", "FMoW",
)  # fmt: skip


def laion_row(**changes):
    row = {
        "arch": "ViT-B-32", "samples_seen": "2560013280.0", "gmacs": "7.4", "upstream_dataset": "LAION-2B",
        "downstream_dataset": "imagenet1k", "acc1": "0.57", "acc5": "0.83", "task": "zeroshot_classification",
        "samples_seen_pretty": "3B", "name": "Model-B-32_Data-2B_Samples-3B_lr-1e-3_bs-88k.pt",
    }  # fmt: skip
    return row | changes


def evaluation(**changes):
    value = {
        "dataset": "imagenet1k", "model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k",
        "task": "zeroshot_classification", "metrics": {"acc1": 0.66, "acc5": 0.9, "mean_per_class_recall": 0.65},
        "language": "en",
    }  # fmt: skip
    return value | changes
