"""Grids over the embedded data, small enough to be probed in seconds."""

import pytest

GRID = """\
hardware: {gpu: cpu}
common: {source: embedded, arch: vit_pico, global_batch_size: 32, samples_seen: 640, size: 256}
evaluation: [embedded/validation]
grid:
"""


@pytest.fixture
def grid(tmp_path, monkeypatch):
    """A function from lines of sub-grids to a grid file in a working folder of its own."""
    monkeypatch.chdir(tmp_path)

    def write(*sub_grids):
        path = tmp_path / "small.yaml"
        path.write_text(GRID + "".join(f"  - {line}\n" for line in sub_grids))
        return path

    return write
