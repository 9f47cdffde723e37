"""The list of planted defects: each is one bug of one API, planted on the wire; the files in ``apis/`` define them.

    defect = defects_of("elevate")

    @defect("paging")
    @wire.rows("GET /customer-billing-summaries")
    def a_page_lacks_its_last_row(rows):
        '''A page holds one row less than asked for.'''
        return rows[:-1]

A defect does not say which laws should notice it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from . import wire


@dataclass(frozen=True)
class Defect:
    """One bug to plant. ``scenario`` is the scenario in which it shows, ``wanting`` the law that is still missing for it."""

    api: str
    family: str
    name: str
    says: str
    on_the_wire: wire.Defect
    scenario: str
    wanting: str = ""

    @property
    def id(self) -> str:
        return f"{self.api}.{self.name}"


DEFECTS: dict[str, Defect] = {}


def defects_of(api: str, scenario: str = "every-state") -> Callable[..., Callable[[Any], Any]]:
    """The decorator for one API's defects: ``@defect(family)``, or ``@defect(family, scenario=…)``."""

    def defect(family: str, scenario: str = scenario, wanting: str = "") -> Callable[[Any], Any]:
        def note(planted: wire.Defect) -> wire.Defect:
            name = planted.__name__  # type: ignore[attr-defined]
            said = " ".join((planted.__doc__ or "").split())
            assert said, f"{name} does not say what is wrong"
            one = Defect(api, family, name, said, planted, scenario, wanting)
            assert one.id not in DEFECTS, f"{one.id} is there twice"
            DEFECTS[one.id] = one
            return planted

        return note

    return defect


for _module in walk_packages([str(Path(__file__).with_name("apis"))], f"{__package__}.apis."):
    import_module(_module.name)
