"""Small files written by each test."""

import csv
import json

import pytest

from study.cli import main


@pytest.fixture
def write_csv(tmp_path):
    def write(name, columns, *rows):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    return write


@pytest.fixture
def write_json(tmp_path):
    def write(name, value):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))
        return path

    return write


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


@pytest.fixture
def refused(results, capsys):
    """Run the command, see that it refuses and writes nothing, and return what it says."""

    def run(*arguments):
        code = main(["import", *map(str, arguments), "--name", "theirs", "--results", str(results)])
        said = capsys.readouterr()
        assert code == 2, said
        assert said.out == ""
        assert not results.exists() or not any(results.iterdir())
        return said.err

    return run
