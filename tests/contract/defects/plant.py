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
import sys
import threading
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
    """One bug to plant. ``scenario`` is the story in which it shows, ``wanting`` the law that is still to be written for it."""

    api: str
    family: str
    name: str
    says: str
    plant: Callable[[Plant], None]
    scenario: str
    wanting: str = ""

    @property
    def id(self) -> str:
        return f"{self.api}.{self.name}"


DEFECTS: dict[str, Defect] = {}


def defects_of(api: str, scenario: str = "every-state") -> Callable[..., Callable[[Any], Any]]:
    """The decorator for one API's defects: ``@defect(family)``, or ``@defect(family, scenario=…)``."""

    def defect(family: str, scenario: str = scenario, wanting: str = "") -> Callable[[Any], Any]:
        def note(plant: Callable[[Plant], None]) -> Callable[[Plant], None]:
            said = " ".join((plant.__doc__ or "").split())
            assert said, f"{plant.__name__} does not say what is wrong"
            one = Defect(api, family, plant.__name__, said, plant, scenario, wanting)
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
def watched(points: dict[Point, tuple[Any, str, Any]], entered: set[Point]) -> Iterator[Callable[[], None]]:
    """Every use of one of ``points`` is written into ``entered``.

    Yields a function that has the stand-in forget what it worked out, so that all of it is done again.

    A point that is a function or a property is used when it is entered; a plain value, or a table, when a function of its
    module that names it is. Threads that begin meanwhile are watched too.
    """
    codes: dict[types.CodeType, set[Point]] = {}
    for point, (owner, name, value) in points.items():
        for code in _codes(owner, name, value):
            codes.setdefault(code, set()).add(point)

    def note(frame: types.FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in codes:
            entered.update(codes[frame.f_code])

    turn = [0]
    before = sys.getprofile()

    def forget() -> None:
        turn[0] += 1
        sys.setprofile(before)  # from here on this thread tries laws: only what it does to the world counts

    def told(execute: Any) -> Any:
        def executed(self: World, command: Any) -> Any:
            outer = sys.getprofile()
            sys.setprofile(note)
            try:
                return execute(self, command)
            finally:
                sys.setprofile(outer)

        return executed

    forgetful = Plant()
    forgetful.around(World, "remember", lambda old: lambda self, key, compute: old(self, (turn[0], key), compute))
    forgetful.around(
        Book, "derived", lambda old: lambda self, name, terms, compute: old(self, name, (turn[0], terms), compute)
    )
    forgetful.around(World, "execute", told)
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield forget
    finally:
        sys.setprofile(before)
        threading.setprofile(None)
        forgetful.undo()


def _codes(owner: Any, name: str, value: Any) -> list[types.CodeType]:
    """The code that is run when the value there is used."""
    function = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", None) or value
    if isinstance(function, types.FunctionType):
        return [function.__code__]
    module = owner if isinstance(owner, types.ModuleType) else _module_with(owner)
    named = name if module is owner else next(n for n, v in vars(module).items() if v is owner)
    classes = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__]
    functions = [each for place in (module, *classes) for each in vars(place).values()]
    functions = [getattr(each, "fget", each) for each in functions]
    return [
        code
        for function in functions
        if isinstance(function, types.FunctionType) and function.__module__ == module.__name__
        for code in _all_code(function.__code__)
        if named in code.co_names
    ]


def _all_code(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _all_code(each)


def _where(owner: Any) -> str:
    if isinstance(owner, types.ModuleType):
        return owner.__name__
    if isinstance(owner, type):
        return f"{owner.__module__}.{owner.__qualname__}"
    return f"{type(owner).__name__} {id(owner)}"


def _module_with(table: Any) -> types.ModuleType:
    """The module that has a name for a table."""
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
