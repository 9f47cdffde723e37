"""Which operation handles a request, through connexion's own router."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from counterfoil.server.routing import Operations, ambiguous, concrete_first, router_path


def first(paths: Sequence[str], path: str) -> str | None:
    return Operations(f"GET {each}" for each in paths).at(path).get("GET")


def test_the_more_concrete_path_wins_in_any_order() -> None:
    paths = ("/{a}/{b}/c", "/{a}/b/c", "/x/{b}/c", "/x/b/{c}", "/x/b/c")
    for order in (paths, paths[::-1]):
        assert first(order, "/x/b/c") == "GET /x/b/c"
        assert first(order, "/x/b/d") == "GET /x/b/{c}"
        assert first(order, "/x/y/c") == "GET /x/{b}/c"
        assert first(order, "/y/b/c") == "GET /{a}/b/c"
        assert first(order, "/y/z/c") == "GET /{a}/{b}/c"
        assert first(order, "/y/z/d") is None


def test_methods_of_one_path_may_name_its_parameters_differently() -> None:
    operations = Operations(["GET /x/{id}", "PATCH /x/{number}"])
    assert operations.at("/x/7") == {"GET": "GET /x/{id}", "PATCH": "PATCH /x/{number}"}


@pytest.mark.parametrize(
    ("path", "router"),
    [
        ("/", "/"),
        ("/x/", "/x"),
        ("/x/{some-id}", "/x/{p0}"),
        ("/x/{a.b}/y/{@c}", "/x/{p0}/y/{p1}"),
        ("/{a}.json", "/{p0}.json"),
    ],
)
def test_paths_are_prepared_for_the_router(path: str, router: str) -> None:
    assert router_path(path) == router


def test_only_operations_hidden_by_a_more_concrete_path_are_matched_twice() -> None:
    assert ambiguous(["GET /x/{id}", "PUT /x/{id}", "GET /x/new", "GET /y/{id}", "GET /x"]) == {
        "GET /x/{id}",
        "PUT /x/{id}",
    }
    assert sorted(["/{a}", "/b"], key=concrete_first) == ["/b", "/{a}"]
