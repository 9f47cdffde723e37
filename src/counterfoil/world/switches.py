"""Switches: the assumptions a user may need the other way, each with a name, a default and the values it can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from counterfoil.ledger.errors import BadValue

Setting = bool | int | str


@dataclass(frozen=True, slots=True)
class Switch:
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


class Switches(Mapping[str, Setting]):
    """The value of every known switch: what was set, or its default. Setting gives a new one; this one never changes."""

    def __init__(self, known: Iterable[Switch] = (), chosen: Mapping[str, object] | None = None) -> None:
        self._known = {switch.name: switch for switch in known}
        self._values = {name: switch.default for name, switch in self._known.items()}
        for name, value in (chosen or {}).items():
            self._values[name] = self.known(name).checked(value)

    def known(self, name: str) -> Switch:
        """The switch of that name; raises ``BadValue`` listing those there are."""
        if name not in self._known:
            raise BadValue(f"there is no switch '{name}'; there are: {', '.join(sorted(self._known))}", field="name")
        return self._known[name]

    def having(self, name: str, value: object) -> Switches:
        """The same switches with one set otherwise."""
        return Switches(self._known.values(), {**self._values, name: value})

    def __getitem__(self, name: str) -> Setting:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
