"""Third-party generators make clients from every spec, which type-check and call every operation of the stand-in.

openapi-generator takes minutes: ``python -m tests.specs.generators openapi-generator``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.specs.generators import (
    datamodel_code_generator,
    hey_api,
    openapi_python_client,
    orval,
    served_at,
    unexpected,
    with_one_type,
)
from tests.specs.tools import SPECS, need_module

from counterfoil.testing import Sandbox

Generate = Callable[[Path, Path, str, dict[str, str]], dict[str, int]]
every_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.parent.name)


BOTH_TYPES = "AppliedCustomerBillingRate"
"""TM Forum's schema has members ``type`` and ``@type`` (docs/vendors/oracle-brm.md). openapi-python-client gives both one
Python name, and leaves the schema out; it takes a copy in which ``@type`` is an additional property."""


@every_spec
@pytest.mark.parametrize("generate", [openapi_python_client, hey_api, orval])
def test_a_generated_client_calls_every_operation(generate: Generate, spec: Path, tmp_path: Path) -> None:
    if generate is openapi_python_client:
        need_module("openapi_python_client", "openapi-python-client")
    if generate is openapi_python_client and BOTH_TYPES in spec.read_text(encoding="utf-8"):
        with pytest.raises(AssertionError, match=f"Unable to process schema /components/schemas/{BOTH_TYPES}"):
            generate(spec, tmp_path, "http://localhost", {})
        spec = with_one_type(spec, tmp_path)
    with Sandbox("demo") as sandbox:
        statuses = generate(spec, tmp_path, served_at(sandbox, spec.parent.name), dict(sandbox.headers))
    assert unexpected(spec, statuses) == []


@every_spec
def test_generated_models_import_and_type_check(spec: Path, tmp_path: Path) -> None:
    need_module("datamodel_code_generator", "datamodel-code-generator")
    assert datamodel_code_generator(spec, tmp_path) > 0
