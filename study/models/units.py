"""The blocks that a tower repeats, whatever its architecture: what sharded training puts together one at a time."""

from __future__ import annotations

from torch import nn

_LISTS = (nn.ModuleList, nn.ModuleDict)  # have no forward pass of their own


def units(tower: nn.Module) -> list[nn.Module]:
    """Modules of one type that stand in a row, the innermost ones: transformer blocks, or blocks of a stage.

    A stage that repeats nothing, in a row of stages, is a unit itself; what stands in no row is in none.
    """
    row = _is_row(tower)
    return [unit for child in tower.children() for unit in units(child) or ([child] if row else [])]


def _is_row(module: nn.Module) -> bool:
    children = list(module.children())
    if not isinstance(module, nn.Sequential | nn.ModuleList) or len(children) < 2:
        return False
    alike = len({type(child) for child in children}) == 1
    return alike and not isinstance(children[0], _LISTS) and any(True for _ in children[0].parameters())
