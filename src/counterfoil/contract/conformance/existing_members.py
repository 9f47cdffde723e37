"""Asks the target whether it has a member with the id that a refused request sent: it may be one of an earlier check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

from counterfoil.contract.created import value_at
from counterfoil.contract.law import CreatedMember
from counterfoil.openapi.path_templates import PARAMETER


class ExistingMembers:
    """``members`` maps operations that create something to what they create (``law.CreatedMember``); ``headers`` hold the
    credential."""

    def __init__(self, members: Mapping[str, Sequence[Any]], headers: Mapping[str, str], timeout: float) -> None:
        self._members = {name: CreatedMember(*each) for name, each in members.items()}
        self._headers, self._timeout = dict(headers), timeout

    def has(self, case: Any, id: Any) -> bool:
        """Whether a GET shows a member with this id where the request would have created one."""
        member = self._members.get(f"{case.method.upper()} {case.operation.path}")
        if member is None or member.read is None:
            return False
        names, ids = PARAMETER.findall(member.path), case.path_parameters or {}
        parents = [unquote(str(ids[name])) for name in PARAMETER.findall(case.operation.path) if name in ids]
        if len(names) != len(parents) + 1:
            return False
        filled = {name: quote(str(each), safe="+@:") for name, each in zip(names, [*parents, id], strict=True)}
        read = case.operation.schema[member.path]["GET"].Case(path_parameters=filled)
        response = read.call(headers=self._headers, timeout=self._timeout)
        try:
            shown = value_at(response.json(), member.read)
        except ValueError:
            return False
        return bool(response.status_code == 200 and str(shown) == str(id))
