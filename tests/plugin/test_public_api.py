"""The names that users' tests call: a changed name or parameter of ``Sandbox`` differs from ``public_api.txt``."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path

from counterfoil.testing import RecordedRequest, Sandbox

KNOWN = Path(__file__).parent / "public_api.txt"


def lines(kind: type) -> list[str]:
    found = []
    for name, member in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        if inspect.isfunction(member):
            variants = typing.get_overloads(member) or [member]
            found += [f"{kind.__name__}.{name}{inspect.signature(each)}" for each in variants]
        else:
            found.append(f"{kind.__name__}.{name}")
    return found


def test_the_public_interface_is_the_one_on_record() -> None:
    assert [*lines(Sandbox), *lines(RecordedRequest)] == KNOWN.read_text(encoding="utf-8").splitlines()


def test_every_parameter_and_result_has_a_type() -> None:
    for kind in (Sandbox, RecordedRequest):
        for name, member in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                signature = inspect.signature(member)
                assert signature.return_annotation is not inspect.Signature.empty, name
                for parameter in list(signature.parameters.values())[1:]:
                    assert parameter.annotation is not inspect.Parameter.empty, (name, parameter.name)
