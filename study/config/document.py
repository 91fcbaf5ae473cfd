"""A YAML 1.2 file as plain data, with the line and column of every key and value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from study.errors import GridError

Loc = tuple[str | int, ...]


class Problem(NamedTuple):
    """One mistake and where it stands."""

    line: int
    column: int
    text: str


def in_order(problems: Iterable[Problem]) -> list[str]:
    """What is told of a file: each mistake once, from top to bottom."""
    ordered = sorted(problems, key=lambda problem: problem[:2])
    return list(dict.fromkeys(problem.text for problem in ordered))


class Place(NamedTuple):
    """Line and column of a value, both counted from 1, and of its key (its own place where it has none)."""

    line: int
    column: int
    key_line: int
    key_column: int


@dataclass(frozen=True)
class Document:
    """Plain data of one file; ``places`` maps a path such as ``("grid", 0, "lr", 1)`` to where it stands."""

    path: Path
    data: Any
    places: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def real(self, loc: Iterable[str | int]) -> Loc:
        """A validator's path as the file has it: without the list index of a lone value, without tags."""
        here, known = self.data, list[str | int]()
        for part in loc:
            if _holds(here, part):
                here = here[part]
            elif isinstance(part, int) or part == here or (isinstance(here, dict) and part == here.get("name")):
                continue
            known.append(part)
        return tuple(known)

    def problem(self, loc: Iterable[str | int], message: str, at_key: bool = False) -> Problem:
        """``file:line:column: path: message`` for the value at ``loc``, or the nearest place around it."""
        real = self.real(loc)
        around = real
        while around not in self.places:
            around = around[:-1]
        place = self.places[around]
        line, column = place[2:] if at_key else place[:2]
        path = ".".join(map(str, real))
        return Problem(line, column, f"{self.path}:{line}:{column}: {path}{': ' if path else ''}{message}")


def _holds(data: Any, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int) and part < len(data)
    return isinstance(data, dict) and part in data


def read(path: Path, needs: str = "a grid needs at least `grid:`") -> Document:
    """Read one YAML file; raises GridError when there is nothing that can be read, an empty one with what it needs."""
    text = _text(path)
    yaml = YAML(typ="safe", pure=True)
    try:
        node = yaml.compose(text)
        if node is None:
            raise GridError([f"{path}:1:1: the file is empty; {needs}"])
        reader = _Reader(path, yaml)
        data = reader.value(node, (), None)
    except MarkedYAMLError as error:
        raise GridError([_syntax(path, error)]) from error
    except YAMLError as error:
        raise GridError([f"{path}:1:1: not YAML: {str(error).splitlines()[0]}"]) from error
    return Document(path, data, reader.places, reader.problems)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        beside = sorted(p.name for p in path.parent.glob("*.yaml")) if path.parent.is_dir() else []
        near = get_close_matches(path.name, beside, n=1, cutoff=0.4)
        hint = f"; did you mean {path.parent / near[0]}?" if near else ""
        raise GridError([f"{path}: no such file{hint}"]) from error
    except OSError as error:
        raise GridError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise GridError([f"{path}: not a text file in UTF-8 (byte {error.start})"]) from error


def _syntax(path: Path, error: MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return f"{path}:{line}:{column}: not YAML: {error.problem or error.context}"


class _Reader:
    """Turns YAML nodes into plain data and notes their places; repeated keys are noted as problems."""

    def __init__(self, path: Path, yaml: YAML) -> None:
        self.path, self.yaml = path, yaml
        self.places: dict[Loc, Place] = {}
        self.problems: list[Problem] = []
        self.open: list[Node] = []

    def value(self, node: Node, loc: Loc, key: Node | None) -> Any:
        own, of_key = node.start_mark, (key or node).start_mark
        self.places[loc] = Place(own.line + 1, own.column + 1, of_key.line + 1, of_key.column + 1)
        if any(node is parent for parent in self.open):
            return self._refuse(node, loc, "refers to itself")
        self.open.append(node)
        data = self._inside(node, loc)
        self.open.pop()
        return data

    def _inside(self, node: Node, loc: Loc) -> Any:
        if isinstance(node, SequenceNode):
            return [self.value(item, (*loc, i), None) for i, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, loc)
        return self.yaml.constructor.construct_object(node, deep=True)

    def _mapping(self, node: MappingNode, loc: Loc) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, item in node.value:
            name = str(key.value)
            if name in data:
                first = self.places[(*loc, name)].key_line
                self._refuse(key, (*loc, name), f"the key stands twice, first in line {first}; keep one")
                continue
            data[name] = self.value(item, (*loc, name), key)
        return data

    def _refuse(self, node: Node, loc: Loc, message: str) -> None:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        text = f"{self.path}:{line}:{column}: {'.'.join(map(str, loc))}: {message}"
        self.problems.append(Problem(line, column, text))
