"""The same laws, checked against real implementations, whose addresses are in ``COUNTERFOIL_URL_<API>``.

COUNTERFOIL_URL_ELEVATE=https://rest.elevatebilling.com/v1 COUNTERFOIL_TOKEN=… pytest tests/contract/test_real_implementations.py
"""

from __future__ import annotations

import os

import pytest

from counterfoil.catalog import api_names
from counterfoil.contract import contract_tests

VARIABLES = {api: f"COUNTERFOIL_URL_{api.replace('-', '_').upper()}" for api in api_names()}

for _api, _variable in VARIABLES.items():
    if os.environ.get(_variable):
        globals()[f"test_{_api.replace('-', '_')}"] = contract_tests(_api)

# CI has no vendor's address; there the two independent implementations stand for them (test_independent_implementation.py).
if not any(map(os.environ.get, [*VARIABLES.values(), "CI"])):

    def test_a_real_implementation_keeps_the_laws() -> None:
        pytest.skip(f"no real implementation was checked: none of {', '.join(VARIABLES.values())} is set")
