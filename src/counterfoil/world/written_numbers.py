"""Finds texts that ``Decimal`` accepts but people do not write as numbers: ``1_000`` (YAML 1.1), ``' 10 '``, ``٧``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import inspect

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)


def misread_numbers(value: Any, kind: type) -> Iterator[tuple[str, str]]:
    """Find the texts in ``value`` that a conversion to ``kind`` would misread as numbers.

    Yields paths such as ``tariffs[0].monthly_fee``, each with an error message.
    """
    info = _with_numbers(kind)
    return iter(()) if info is None else _misread(value, info, "")


@cache
def _with_numbers(kind: type) -> inspect.Type | None:
    """msgspec's description of the type; None if there is no decimal number in it."""
    info = inspect.type_info(kind)
    return info if "DecimalType(" in repr(info) else None


def _misread(value: Any, info: inspect.Type, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(info, inspect.Metadata):
        yield from _misread(value, info.type, path)
    elif isinstance(info, inspect.UnionType):
        for alternative in info.types:
            yield from _misread(value, alternative, path)
    elif isinstance(value, str):
        if isinstance(info, inspect.DecimalType) and not _NUMBER.fullmatch(value):
            yield path, f"'{value[:40]}' is not a number: write it as in 1000 or 12.50"
    elif isinstance(value, dict) and isinstance(info, inspect.StructType):
        for field in info.fields:
            if field.encode_name in value:
                yield from _misread(value[field.encode_name], field.type, f"{path}.{field.encode_name}".lstrip("."))
    elif isinstance(value, dict) and isinstance(info, inspect.DictType):
        for key, member in value.items():
            yield from _misread(member, info.value_type, f"{path}.{key}")
    elif isinstance(value, list | tuple) and isinstance(info, inspect.VarTupleType):
        for index, item in enumerate(value):
            yield from _misread(item, info.item_type, f"{path}[{index}]")
