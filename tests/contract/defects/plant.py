"""How a defect is planted in the stand-in and taken out again, and which code a law runs through.

A defect is a function that is given a ``Plant`` and swaps parts of the stand-in through it. It says nowhere which laws
should notice: ``watched`` finds out which of the swapped parts any law enters at the clean stand-in. Knows no API and no law. ::

    defect = defects_of("elevate")

    @defect("sorting")
    def sort_ignores_desc(plant: Plant) -> None:
        '''``:desc`` is read and forgotten.'''
        plant.around(selection, "_sort_keys", lambda keys: lambda *a, **k: [(n, False) for n, _ in keys(*a, **k)])
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from counterfoil.ledger.records import Book
from counterfoil.world.world import World

Point = tuple[str, str]
"""A part of the stand-in that a defect swaps: where it is (a module, a class, a table) and its name there."""


@dataclass(frozen=True)
class Defect:
    """One bug to plant. ``scenario`` is the story in which it shows."""

    api: str
    family: str
    name: str
    says: str
    plant: Callable[[Plant], None]
    scenario: str

    @property
    def id(self) -> str:
        return f"{self.api}.{self.name}"


DEFECTS: dict[str, Defect] = {}


def defects_of(api: str, scenario: str = "every-state") -> Callable[..., Callable[[Any], Any]]:
    """The decorator for one API's defects: ``@defect(family)``, or ``@defect(family, scenario=…)``."""

    def defect(family: str, scenario: str = scenario) -> Callable[[Any], Any]:
        def note(plant: Callable[[Plant], None]) -> Callable[[Plant], None]:
            said = " ".join((plant.__doc__ or "").split())
            assert said, f"{plant.__name__} does not say what is wrong"
            one = Defect(api, family, plant.__name__, said, plant, scenario)
            assert one.id not in DEFECTS, f"{one.id} is there twice"
            DEFECTS[one.id] = one
            return plant

        return note

    return defect


class Plant:
    """Swaps parts of the stand-in, remembers what was there, and puts it back."""

    def __init__(self) -> None:
        self.swapped: dict[Point, tuple[Any, str, Any]] = {}

    def put(self, owner: Any, name: str, value: Any) -> None:
        """``value`` in the place of attribute ``name`` of a module or class, or of the entry ``name`` of a table."""
        point = (_where(owner), name)
        assert point not in self.swapped, f"{point} is swapped twice"
        old = _get(owner, name)
        self.swapped[point] = (owner, name, old)
        _set(owner, name, value)

    def around(self, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
        """What ``change`` makes of the function (or the getter of the property) that is there."""
        old = _get(owner, name)
        if isinstance(old, property):
            self.put(owner, name, property(change(old.fget)))
        elif isinstance(owner, type) and isinstance(old, staticmethod):
            self.put(owner, name, staticmethod(change(old.__func__)))
        else:
            self.put(owner, name, change(old))

    def after(self, owner: Any, name: str, change: Callable[..., Any]) -> None:
        """``change(result, *arguments)`` instead of the result of the function that is there."""

        def with_change(old: Any) -> Any:
            @functools.wraps(old)
            def changed(*args: Any, **options: Any) -> Any:
                return change(old(*args, **options), *args, **options)

            return changed

        self.around(owner, name, with_change)

    def undo(self) -> None:
        for owner, name, old in reversed(self.swapped.values()):
            _set(owner, name, old)
        self.swapped.clear()


@contextmanager
def planted(defect: Defect) -> Iterator[Plant]:
    """The stand-in has the defect meanwhile. Build the application inside: worlds and books remember what they worked out."""
    plant = Plant()
    try:
        defect.plant(plant)
        yield plant
    finally:
        plant.undo()


def points_of(defects: Iterable[Defect]) -> dict[str, dict[Point, tuple[Any, str, Any]]]:
    """What each defect swaps, by its id: found out by planting it."""
    found = {}
    for defect in defects:
        with planted(defect) as plant:
            found[defect.id] = dict(plant.swapped)
    return found


@contextmanager
def watched(points: dict[Point, tuple[Any, str, Any]], entered: set[Point]) -> Iterator[None]:
    """Every use of one of ``points`` is written into ``entered``; nothing is remembered meanwhile, so all of it is done.

    A function or property is watched itself. For a plain value (a table, a number) those functions of its module are
    watched that name it.
    """
    plant = Plant()
    try:
        plant.around(World, "remember", lambda _: lambda self, key, compute: compute())
        plant.around(Book, "derived", lambda _: lambda self, name, terms, compute: compute())
        for point, (owner, name, old) in points.items():
            for user, used in _users(owner, name, old):
                _watch(plant, user, used, point, entered)
        yield
    finally:
        plant.undo()


def _watch(plant: Plant, owner: Any, name: str, point: Point, entered: set[Point]) -> None:
    if (_where(owner), name) in plant.swapped:  # watched for another point already: watch it for both
        old = _get(owner, name)
        _set(owner, name, _noting(old, point, entered))
        return
    plant.put(owner, name, _noting(_get(owner, name), point, entered))


def _noting(old: Any, point: Point, entered: set[Point]) -> Any:
    if isinstance(old, property):
        assert old.fget is not None
        return property(_noting(old.fget, point, entered))

    @functools.wraps(old)
    def noting(*args: Any, **options: Any) -> Any:
        entered.add(point)
        return old(*args, **options)

    return noting


def _users(owner: Any, name: str, value: Any) -> list[tuple[Any, str]]:
    if isinstance(value, property | types.FunctionType | functools.partial):
        return [(owner, name)]
    module = owner if isinstance(owner, types.ModuleType) else _module_with(owner)
    named = name if module is owner else next(n for n, v in vars(module).items() if v is owner)
    return [
        (place, each)
        for place in (module, *(v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__))
        for each, function in vars(place).items()
        if isinstance(function, types.FunctionType) and function.__module__ == module.__name__ and _names(function.__code__, named)
    ]


def _names(code: types.CodeType, name: str) -> bool:
    return name in code.co_names or any(_names(each, name) for each in code.co_consts if isinstance(each, types.CodeType))


def _where(owner: Any) -> str:
    if isinstance(owner, types.ModuleType):
        return owner.__name__
    if isinstance(owner, type):
        return f"{owner.__module__}.{owner.__qualname__}"
    module = _module_with(owner)
    return f"{module.__name__}.{next(name for name, value in vars(module).items() if value is owner)}"


def _module_with(table: Any) -> types.ModuleType:
    """The module that a table (or a dialect) is a name of."""
    import sys

    for name, module in sorted(sys.modules.items()):
        if name.startswith("counterfoil.") and any(value is table for value in vars(module).values()):
            return module
    raise LookupError("no module holds it by a name")


def _get(owner: Any, name: str) -> Any:
    if isinstance(owner, dict):
        return owner[name]
    return vars(owner)[name] if isinstance(owner, type | types.ModuleType) else getattr(owner, name)


def _set(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    elif isinstance(owner, type | types.ModuleType):
        setattr(owner, name, value)
    else:
        object.__setattr__(owner, name, value)  # a dialect is frozen
