"""Types with a discriminator: in generated members, in requests, and in errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.own_documents.served import DOCUMENTS, served

ZOO = DOCUMENTS / "zoo.yaml"


@pytest.fixture
def zoo() -> Iterator[httpx.Client]:
    with served(ZOO) as client:
        yield client


def test_what_is_made_is_of_a_type_that_the_document_knows(zoo: httpx.Client) -> None:
    cages = zoo.get("/cages").json()
    assert len(cages) == 12
    for cage in cages:
        assert cage["@type"] == "Cage"  # no mapping: the schema's own name
        assert cage["holds"]["@type"] in ("Animal", "Ref")
        assert cage["keeper"]["role"] in ("vet", "guard")
    assert zoo.get("/cages/nowhere").json()["@type"] == "Problem"


def test_what_fits_two_types_is_taken_and_kept_as_the_type_it_names(zoo: httpx.Client) -> None:
    def made(holds: Any) -> Any:
        answer = zoo.post("/cages", json={"@type": "Cage", "holds": holds})
        assert answer.status_code == 201, answer.text
        return zoo.get(f"/cages/{answer.json()['id']}").json()["holds"]

    lion = {"@type": "Animal", "name": "Leo", "weight": 190.5}
    assert made(lion) == lion
    reference = {"@type": "Ref", "name": "Leo", "href": "/animals/1"}
    assert made(reference) == reference

    def refused(holds: Any) -> bool:
        return zoo.post("/cages", json={"@type": "Cage", "holds": holds}).status_code == 400

    assert refused({"name": "Leo"})  # of no type
    assert refused({"@type": "Fish", "name": "Leo"})  # of one that is not there
    assert refused({"@type": "Animal", "weight": "heavy"})  # this would be a reference, but calls itself an animal
