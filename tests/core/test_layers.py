"""A file imports only from the rows above its own (docs/flow.md has the table)."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = [
    {"errors", "registry", "io", "clock", "collector", "saved", "job"},
    {"config", "records", "hardware", "predict", "published", "summary", "laws", "ledger", "statistics"},
    {"data", "models", "strategies", "metrics", "optim"},
    {"measure", "checkpoint"},
    {"plan", "train", "evaluate", "export"},
    {"probe", "scoring"},
    {"collect", "imported", "fit", "report", "lookup", "claims", "compare"},
    {"launch"},
    {"cli", "__main__", "__init__"},
]
TABLE_HALF = {"collect", "imported", "fit", "report", "lookup", "claims", "compare"}
HEAVY = {"torch", "torchvision", "open_clip", "timm", "clip_benchmark", "fvcore"}
MAY_USE_TORCH = set().union(*LAYERS[2:6])
MAY_LOOK_SIDEWAYS = {0, 1, 2, 3, 8}  # a strategy needs a model and a batch; stages of one row never need each other
FILES = sorted((ROOT / "study").rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(ROOT / "study").parts[0].removesuffix(".py")


def layer_of(part: str) -> int:
    return next(index for index, parts in enumerate(LAYERS) if part in parts)


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_the_layers_above_its_own(path):
    own = part_of(path)
    allowed = set().union(*(LAYERS[:2] if own in TABLE_HALF else LAYERS[: layer_of(own)])) | {own}
    used = {name.split(".")[1] for name in imported(path) if name.startswith("study.")}
    wrong = {part for part in used if part not in allowed and part in set().union(*LAYERS)}
    if layer_of(own) in MAY_LOOK_SIDEWAYS:
        wrong -= LAYERS[layer_of(own)]
    assert not wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_torch_is_imported_only_where_it_may_be(path):
    if part_of(path) in MAY_USE_TORCH:
        return
    assert not {name.split(".")[0] for name in imported(path)} & HEAVY


def test_every_part_of_the_package_has_a_layer():
    assert {part_of(path) for path in FILES} <= set().union(*LAYERS)


def test_help_and_lookup_load_nothing_heavy(tmp_path):
    import subprocess

    script = (
        "import sys; from study.cli import main; code = main({arguments}); "
        "print(sorted(set(sys.modules) & {{'torch', 'open_clip', 'seaborn', 'matplotlib', 'scipy', 'timm'}}), code)"
    )
    for arguments in (
        ["--help"],
        ["lookup", "--study", "absent", "--budget", "1e12", "--results", str(tmp_path)],
    ):
        done = subprocess.run(
            [sys.executable, "-c", script.format(arguments=arguments)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1].startswith("[] "), done.stdout
