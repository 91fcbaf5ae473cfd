"""How a tower is sharded, whatever its architecture: the blocks that it repeats are put together one at a time."""

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


def sharding_problem(tower: nn.Module) -> str | None:
    """What keeps a tower's parameters from being shared out over processes, in words; none where it can be done."""
    every = list(tower.named_parameters(remove_duplicate=False))
    if len(every) > len({id(parameter) for _, parameter in every}):
        return "a weight is used in several places"
    single = [name for name, parameter in every if parameter.ndim == 0]
    return f"its weight {single[0]} is a single number" if single else None
