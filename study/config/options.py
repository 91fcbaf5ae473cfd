"""A plug-in named outside a grid: by its name, or by a mapping with its options, as in a grid."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from study.errors import PlanError
from study.records import PluginConfig, PluginRef

C = TypeVar("C", bound=PluginConfig)


def reference(text: str) -> PluginRef:
    """``flip`` or ``{name: flip, mask_ratio: 0.75}``; raises PlanError for a mapping that cannot be read."""
    if not text.lstrip().startswith("{"):
        return PluginRef(name=text)
    try:
        options = YAML(typ="safe").load(text)
        name = options.pop("name")
    except (YAMLError, KeyError) as error:
        raise PlanError(f"{text!r} must be a name or a mapping such as '{{name: flip, mask_ratio: 0.75}}'") from error
    return PluginRef(name=str(name), options=options)


def checked(kind: str, config: type[C], ref: PluginRef) -> C:
    """The options of a plug-in of this ``kind``; raises PlanError for those that it does not have."""
    try:
        return config(name=ref.name, **ref.options)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        known = ", ".join(sorted(set(config.model_fields) - {"name"})) or "none"
        raise PlanError(f"{kind} {ref.label}: {problems}; its options: {known}") from error
