"""The path table on its own: which route, and what the parameters caught."""

from __future__ import annotations

import pytest

from counterfoil.server.routing import PathTable
from counterfoil.server.specs import SpecError


def table(*paths: str) -> PathTable:
    made = PathTable()
    for path in paths:
        made.add("GET", path, f"GET {path}")
    return made


def found(made: PathTable, path: str) -> tuple[str, list[str]] | None:
    match = made.find(path)
    return None if match is None else (match[0].operations["GET"][0], match[1])


def test_the_more_literal_path_wins_whatever_the_order() -> None:
    paths = ("/{a}/{b}/c", "/{a}/b/c", "/x/{b}/c", "/x/b/{c}", "/x/b/c")
    for order in (paths, paths[::-1]):
        made = table(*order)
        assert found(made, "/x/b/c") == ("GET /x/b/c", [])
        assert found(made, "/x/b/d") == ("GET /x/b/{c}", ["d"])
        assert found(made, "/x/y/c") == ("GET /x/{b}/c", ["y"])
        assert found(made, "/y/b/c") == ("GET /{a}/b/c", ["y"])
        assert found(made, "/y/z/c") == ("GET /{a}/{b}/c", ["y", "z"])
        assert found(made, "/y/z/d") is None


def test_methods_of_one_path_may_name_its_parameters_differently() -> None:
    made = PathTable()
    made.add("GET", "/x/{id}", "read")
    made.add("PATCH", "/x/{number}", "update")
    match = made.find("/x/7")
    assert match is not None
    assert match[0].allow == ("GET", "PATCH")
    assert match[0].operations == {"GET": ("read", ("id",)), "PATCH": ("update", ("number",))}


@pytest.mark.parametrize("path", ["/x/", "/x//", "/x/1/", "//x", "", "/"])
def test_slashes(path: str) -> None:
    expected = {"/x/": ("GET /x", []), "/x/1/": ("GET /x/{id}", ["1"])}
    assert found(table("/x", "/x/{id}"), path) == expected.get(path)


def test_an_operation_at_the_base_itself_is_found_with_and_without_slash() -> None:
    assert found(table("/"), "/") == ("GET /", [])


def test_a_parameter_inside_a_segment_is_refused_at_start() -> None:
    with pytest.raises(SpecError, match="whole segment"):
        table("/x/{id}.json")
