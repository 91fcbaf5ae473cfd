"""The profile that Snakemake's executor is set up by, read for whoever submits without Snakemake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from study.errors import SubmitError

PROFILE = Path("profiles/slurm/config.yaml")
PREFIX = "submitit-"


def profile(given: Path | None) -> dict[str, Any]:
    """Settings of the launcher in a profile of Snakemake; none where none is given, and ``PROFILE`` is not here.

    Raises SubmitError when it cannot be read.
    """
    path = given or PROFILE
    path = path / "config.yaml" if path.is_dir() else path
    if given is None and not path.exists():
        return {}
    try:
        found = YAML(typ="safe").load(path) or {}
    except (OSError, YAMLError) as error:
        raise SubmitError(f"{path} cannot be read: {error}") from error
    own = {name: value for name, value in found.items() if name.startswith(PREFIX)}
    return {name.removeprefix(PREFIX).replace("-", "_"): value for name, value in own.items()}
