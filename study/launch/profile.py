"""The profile that Snakemake's executor is set up by, read for whoever submits without Snakemake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from study.errors import StudyError, SubmitError
from study.launch.settings import SETTING_OF, Settings
from study.registry import unknown_name

PROFILE = Path("profiles/slurm/config.yaml")
PREFIX = "submitit-"


def profile(given: Path | None) -> dict[str, Any]:
    """Settings of the launcher in a profile of Snakemake; none where none is given, and ``PROFILE`` is not here.

    Its default resources come before the launcher's own, as they do for Snakemake.

    Raises SubmitError when it cannot be read, or a setting cannot be.
    """
    path = given or PROFILE
    path = path / "config.yaml" if path.is_dir() else path
    if given is None and not path.exists():
        return {}
    try:
        found = YAML(typ="safe").load(path) or {}
    except (OSError, YAMLError) as error:
        raise SubmitError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise SubmitError(
            f"{path}: a profile has lines like 'submitit-partition: gpu', this is a {type(found).__name__}"
        )
    own = {str(name): value for name, value in found.items() if str(name).startswith(PREFIX)}
    known = {PREFIX + name.replace("_", "-"): name for name in Settings.model_fields}
    for name in own.keys() - known.keys():
        raise SubmitError(f"{path}: {unknown_name('setting', name, sorted(known), shown=len(known))}")
    told = {known[name]: value for name, value in own.items()}
    return _checked(path, told | _defaults(found.get("default-resources")))


def _defaults(given: object) -> dict[str, str]:
    """What of Snakemake's default resources runs do not ask for themselves: ``[slurm_partition=gpu]``, or a mapping."""
    lines = given if isinstance(given, list) else []
    told = dict(given) if isinstance(given, dict) else dict(str(line).partition("=")[::2] for line in lines)
    return {setting: str(told[name]).strip("'\"") for name, setting in SETTING_OF.items() if name in told}


def _checked(path: Path, told: dict[str, Any]) -> dict[str, Any]:
    """Settings of a profile, if they are some; an error names the file."""
    try:
        Settings.of(told)
    except StudyError as error:
        raise SubmitError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from None
    return told
