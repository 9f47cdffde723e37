"""Field selection: only the members asked for, with the values they have anyway."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from counterfoil.contract.collection import Collection
from counterfoil.contract.law import Law, Trial, says


def only_these(
    id: str,
    c: Collection,
    members: Sequence[str],
    *clauses: str,
    param: str = "fields",
    write: Callable[[Sequence[str]], str] = ",".join,
    always: Sequence[str] = (),
) -> Law:
    """Every item has the members named (and ``always``), no other, and the values it has without selection."""

    def check(trial: Trial) -> None:
        """Every item has the members asked for and no other, with the values it has when all are returned."""
        from hypothesis import strategies as st

        whole = c.some(trial)
        subsets = st.one_of(
            st.sampled_from(members).map(lambda name: (name,)),
            st.lists(st.sampled_from(members), min_size=2, max_size=len(members), unique=True).map(tuple),
        )

        def selected(names: tuple[str, ...]) -> None:
            got = c.all(trial, {param: write(names)})
            kept = {*names, *always}
            want: list[Any] = [{name: item[name] for name in item if name in kept} for item in whole]
            for have, should in zip(got, want, strict=False):
                trial.expect(have == should, f"{should} with {param}={write(names)}", have)
            trial.expect(len(got) == len(want), f"{len(want)} items", f"{len(got)} items")

        trial.given(subsets, selected)

    return Law(id, c.operation, "selecting", clauses, says(check), check)


def unknown_passed_over(id: str, c: Collection, known: str, *clauses: str, param: str = "fields") -> Law:
    """A name that no item has is passed over."""

    def check(trial: Trial) -> None:
        """A name that no item has is passed over, beside one that they have."""
        whole = c.some(trial)
        got = c.all(trial, {param: f"{known},counterfoilKnowsNoSuchMember"})
        trial.expect(got == [{known: item[known]} for item in whole], f"items with {known} alone", got)

    return Law(id, c.operation, "selecting", clauses, says(check), check)
