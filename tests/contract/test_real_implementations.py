"""The same laws, held against real implementations: those whose address ``COUNTERFOIL_URL_<API>`` gives. Without any, no tests.

COUNTERFOIL_URL_ELEVATE=https://rest.elevatebilling.com/v1 COUNTERFOIL_TOKEN=… pytest tests/contract/test_real_implementations.py
"""

from __future__ import annotations

import os

from counterfoil.contract import contract_tests
from counterfoil.resources import api_names

for _api in api_names():
    _name = _api.replace("-", "_")
    if os.environ.get(f"COUNTERFOIL_URL_{_name.upper()}"):
        globals()[f"test_{_name}"] = contract_tests(_api)
