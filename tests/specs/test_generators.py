"""Third-party generators generate clients from every spec, which type-check and call every operation of the stand-in.

openapi-generator takes minutes: ``python -m tests.specs.generators openapi-generator``.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.specs.generators import CLIENTS, datamodel_code_generator, generate_python, try_client
from tests.specs.tools import SPECS, need_module

BOTH_TYPES = "AppliedCustomerBillingRate"
"""TM Forum's schema has members ``type`` and ``@type`` (docs/vendors/oracle-brm.md). openapi-python-client gives both one
Python name, and leaves the schema out; it takes a copy in which ``@type`` is an additional property."""


@pytest.mark.parametrize("name", CLIENTS)
def test_generated_clients_call_every_operation(name: str) -> None:
    if name == "openapi-python-client":
        need_module("openapi_python_client", "openapi-python-client")
    assert try_client(name, SPECS) == {spec.parent.name: [] for spec in SPECS}


def test_a_schema_with_both_types_is_left_out_by_one_generator(tmp_path: Path) -> None:
    need_module("openapi_python_client", "openapi-python-client")
    (spec,) = (each for each in SPECS if BOTH_TYPES in each.read_text(encoding="utf-8"))
    with pytest.raises(AssertionError, match=f"Unable to process schema /components/schemas/{BOTH_TYPES}"):
        generate_python([spec], [tmp_path / "client"])


def test_generated_models_import_and_type_check(tmp_path: Path) -> None:
    need_module("datamodel_code_generator", "datamodel-code-generator")
    made = datamodel_code_generator(SPECS, tmp_path)
    assert list(made) == [spec.parent.name for spec in SPECS]
    assert all(made.values()), made
