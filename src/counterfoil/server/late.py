"""Modules that run when something in them is used, not when somebody imports them.

For libraries that import at module level what is never called here. Two ways to put a module off: whole, for ``import
name``; and promising its names, for ``from name import something``. It knows no library by name; ``guards`` says which.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_loading = threading.RLock()
_promising: int | None = None
"""The thread that is importing what hands out promises; everybody else gets the real thing."""


class Late(types.ModuleType):
    """A module that runs its own source on the first touch of a name it does not have yet (PEP 562 by class).

    ``importlib.util.LazyLoader`` cannot be used: in Python 3.11 the import statement itself reads ``__spec__``, which
    already triggers the load.
    """

    def __getattr__(self, name: str) -> Any:
        spec = self.__dict__["__spec__"]
        settled = self.__dict__.get("_settled")
        is_open_package = "__path__" in self.__dict__
        wanted = () if is_open_package else ("__path__",)
        if settled:
            wanted = (*wanted, "__all__")
        promises = "_promised" in self.__dict__
        if name.startswith("__") and (name not in wanted or (promises and _promising == threading.get_ident())):
            raise AttributeError(name)
        if is_open_package and not settled:
            submodule = f"{spec.name}.{name}"
            if submodule in sys.modules:
                return sys.modules[submodule]
            if importlib.util.find_spec(submodule) is not None:
                raise AttributeError(name)  # "from package import submodule" goes on and imports it
        if promises and _promising == threading.get_ident() and "_running" not in self.__dict__:
            return self.__dict__["_promised"].setdefault(name, Promise(self, (name,)))
        return self._whole(name)

    def _whole(self, name: str) -> Any:
        """Run the module's source, once, and look again; other threads wait."""
        spec = self.__dict__["__spec__"]
        with _loading:
            if type(self) is Late:
                package = sys.modules.get(spec.name.rpartition(".")[0])
                if isinstance(package, Late) and "_promised" in package.__dict__ and "_running" not in package.__dict__:
                    package._whole("__file__")  # as the import statement would: a package runs before its parts
            if type(self) is Late:
                if "_running" in self.__dict__:  # a circular import asks for what is not there yet
                    raise AttributeError(name)
                self.__dict__["_running"] = True
                try:
                    if spec.submodule_search_locations is not None:
                        self.__path__ = spec.submodule_search_locations
                    spec.loader.exec_module(self)
                    self.__class__ = types.ModuleType  # type: ignore[assignment]
                finally:
                    del self.__dict__["_running"]
                if self.__dict__.pop("_promised", None):
                    _keep_promises(self)
        return types.ModuleType.__getattribute__(self, name)


class Promise:
    """What ``from module import name`` gave while the module was put off, and what was taken from that at module level
    (``name.table["key"]``). Using it runs the module, which puts the real thing wherever the promise stood."""

    __slots__ = ("_module", "_stand_in", "_steps")

    def __init__(self, module: Late, steps: tuple[Any, ...]) -> None:
        self._module = module
        self._steps = steps
        self._stand_in: type | None = None

    def kept(self) -> Any:
        """The real thing. Raises what importing its module raises, or AttributeError where it has no such name."""
        value: Any = getattr(self._module, self._steps[0])
        if isinstance(value, Promise):  # asked for by the very thread that is still handing them out
            value = self._module._whole(self._steps[0])
        for step in self._steps[1:]:
            value = value[step[0]] if isinstance(step, tuple) else getattr(value, step)
        return value

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and _promising == threading.get_ident():
            return Promise(self._module, (*self._steps, name))
        return getattr(self.kept(), name)

    def __getitem__(self, key: Any) -> Any:
        if _promising == threading.get_ident():
            return Promise(self._module, (*self._steps, (key,)))
        return self.kept()[key]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.kept()(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self.kept())

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        """A promised exception as a base class: an empty one stands in, until ``_keep_promises`` changes the bases."""
        if self._stand_in is None:
            self._stand_in = type(self._steps[0], (Exception,), {"_promise": self})
        return (self._stand_in,)


def _keep_promises(module: Late) -> None:
    """Put the real things where the promises stand: in modules' names, and among the bases of classes."""
    for holder in list(sys.modules.values()):
        names = getattr(holder, "__dict__", {})
        for name, value in list(names.items()):
            if type(value) is Promise and value._module is module:
                names[name] = value.kept()
                stand_in = value._stand_in
                children: list[type] = stand_in.__subclasses__() if stand_in is not None else []
                for child in children:
                    child.__bases__ = tuple(names[name] if base is stand_in else base for base in child.__bases__)


def put_off(name: str, *, open_package: bool = False, promise: bool = False) -> None:
    """Make ``import name`` cost nothing until something in it is used. ``open_package``: its submodules stay importable
    without running its ``__init__``. ``promise``: so does ``from name import something`` within ``promising()``."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    module = Late(name)
    module.__spec__ = spec
    module.__loader__ = spec.loader
    module.__file__ = spec.origin
    module.__package__ = name if spec.submodule_search_locations is not None else name.rpartition(".")[0]
    if open_package:
        module.__path__ = list(spec.submodule_search_locations or ())
    if promise:
        module.__dict__["_promised"] = {}
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)


def settle(name: str, *, close: bool = False) -> None:
    """From here on a missing name means that somebody wants the whole package; ``close``: so does importing a part of it,
    for packages whose parts count on their ``__init__`` (each other's half-run names, where it did not run first)."""
    module = sys.modules[name]
    if isinstance(module, Late):
        module.__dict__["_settled"] = True
        if close:
            module.__dict__.pop("__path__", None)


@contextmanager
def promising() -> Iterator[None]:
    """While this lasts, modules put off with ``promise`` hand out promises to this thread."""
    global _promising
    _promising = threading.get_ident()
    try:
        yield
    finally:
        _promising = None
