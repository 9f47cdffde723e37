"""Switches: assumptions that users can change, each with a name, a default and the values it can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from counterfoil.ledger.errors import BadValue

Setting = bool | int | str


class Switch(msgspec.Struct, frozen=True):
    """One assumption that users can change.

    The name is ``<api>.<what>`` (``oracle-brm.partial_status``). ``choices`` has every allowed value; ``None`` means any
    non-negative integer. ``source`` cites the statement in docs/vendors that it comes from.
    """

    name: str
    text: str
    default: Setting
    choices: tuple[Setting, ...] | None
    source: str

    def checked(self, value: object) -> Setting:
        """``value`` as one of the choices, parsed if it is text. Raises ``BadValue`` listing the choices."""
        for choice in self.choices or ():
            if value == choice and type(value) is type(choice):
                return choice
            if isinstance(value, str) and value.strip().lower() == str(choice).lower():
                return choice
        if self.choices is None and not isinstance(value, bool) and str(value).isdecimal() and len(str(value)) < 10:
            return int(str(value))
        allowed = ", ".join(str(choice) for choice in self.choices) if self.choices else "a whole number from 0"
        raise BadValue(f"switch {self.name} cannot be '{value}': it can be {allowed}", field="value")


class KnownSwitches:
    """All switches: those of the served APIs (``loaded``), and those of all APIs (``load_all``), loaded when first needed.

    So a stand-in for one API imports the other APIs only when one of their switches is named or listed.
    """

    def __init__(self, loaded: Iterable[Switch] = (), load_all: Callable[[], Iterable[Switch]] | None = None) -> None:
        self.loaded = {switch.name: switch for switch in loaded}
        self._load_all = load_all

    def find(self, name: str) -> Switch | None:
        """The switch with that name; None if there is none."""
        return self.loaded.get(name) or self._all().get(name)

    def __iter__(self) -> Iterator[Switch]:
        return iter(self._all().values())

    def _all(self) -> dict[str, Switch]:
        if self._load_all is not None:
            self.loaded = {switch.name: switch for switch in self._load_all()}
            self._load_all = None
        return self.loaded


class Switches(Mapping[str, Setting]):
    """The value of every switch: the one it was set to, or its default. Immutable."""

    def __init__(
        self, known: KnownSwitches | Iterable[Switch] = (), chosen: Mapping[str, object] | None = None
    ) -> None:
        self._known = known if isinstance(known, KnownSwitches) else KnownSwitches(known)
        self._chosen = {name: self.known(name).checked(value) for name, value in (chosen or {}).items()}
        self._values = {name: switch.default for name, switch in self._known.loaded.items()} | self._chosen

    def known(self, name: str) -> Switch:
        """The switch with that name. Raises ``BadValue`` listing all names."""
        switch = self._known.find(name)
        if switch is None:
            names = ", ".join(sorted(switch.name for switch in self._known))
            raise BadValue(f"there is no switch '{name}'; there are: {names}", field="name")
        return switch

    def with_value(self, name: str, value: object) -> Switches:
        """A copy with one switch set to ``value``."""
        return Switches(self._known, {**self._chosen, name: value})

    def __getitem__(self, name: str) -> Setting:
        if name in self._values:
            return self._values[name]
        switch = self._known.find(name)
        if switch is None:
            raise KeyError(name)
        return switch.default

    def __iter__(self) -> Iterator[str]:
        return (switch.name for switch in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self._known)
