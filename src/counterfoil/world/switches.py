"""Switches: the assumptions a user may need the other way, each with a name, a default and the values it can have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from counterfoil.ledger.errors import BadValue

Setting = bool | int | str


class Switch(msgspec.Struct, frozen=True):
    """One assumption a user may need the other way: named, described, with its default and what else it can be.

    The name is ``<api>.<what>`` (``oracle-brm.partial_status``). ``choices`` holds every allowed value, so that a
    scenario, the command line and the control API can refuse a wrong one with the list of right ones; ``None`` means
    any non-negative integer. ``source`` names the rule in the vendor's facts it belongs to.
    """

    name: str
    text: str
    default: Setting
    choices: tuple[Setting, ...] | None
    source: str

    def checked(self, value: object) -> Setting:
        """``value`` if this switch can have it, read from text where need be; raises ``BadValue`` listing the choices."""
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
    """The switches there are: those at hand, and all of them, fetched only when somebody names or lists another.

    A stand-in for one API need not import the other four to know that a scenario sets none of theirs.
    """

    def __init__(
        self, at_hand: Iterable[Switch] = (), everywhere: Callable[[], Iterable[Switch]] | None = None
    ) -> None:
        self.at_hand = {switch.name: switch for switch in at_hand}
        self._everywhere = everywhere

    def find(self, name: str) -> Switch | None:
        """The switch of that name; None if there is none anywhere."""
        return self.at_hand.get(name) or self._all().get(name)

    def __iter__(self) -> Iterator[Switch]:
        return iter(self._all().values())

    def _all(self) -> dict[str, Switch]:
        if self._everywhere is not None:
            self.at_hand = {switch.name: switch for switch in self._everywhere()}
            self._everywhere = None
        return self.at_hand


class Switches(Mapping[str, Setting]):
    """The value of every known switch: what was set, or its default. Setting gives a new one; this one never changes."""

    def __init__(
        self, known: KnownSwitches | Iterable[Switch] = (), chosen: Mapping[str, object] | None = None
    ) -> None:
        self._known = known if isinstance(known, KnownSwitches) else KnownSwitches(known)
        self._chosen = {name: self.known(name).checked(value) for name, value in (chosen or {}).items()}
        self._values = {name: switch.default for name, switch in self._known.at_hand.items()} | self._chosen

    def known(self, name: str) -> Switch:
        """The switch of that name; raises ``BadValue`` listing those there are."""
        found = self._known.find(name)
        if found is None:
            names = ", ".join(sorted(switch.name for switch in self._known))
            raise BadValue(f"there is no switch '{name}'; there are: {names}", field="name")
        return found

    def with_value(self, name: str, value: object) -> Switches:
        """The same switches with one set otherwise."""
        return Switches(self._known, {**self._chosen, name: value})

    def __getitem__(self, name: str) -> Setting:
        if name in self._values:
            return self._values[name]
        found = self._known.find(name)
        if found is None:
            raise KeyError(name)
        return found.default

    def __iter__(self) -> Iterator[str]:
        return (switch.name for switch in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self._known)
