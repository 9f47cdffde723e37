"""Check an implementation against its documents, over HTTP only.

Importing this package is light: Hypothesis and Schemathesis are imported when they are used.

``contract_tests`` turns an API's law book into pytest items; ``counterfoil.contract.check`` implements ``counterfoil check``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.contract.pytest_items import contract_tests as contract_tests
    from counterfoil.contract.target import Target as Target

_MODULES = {"contract_tests": "pytest_items", "Target": "target"}
__all__ = ["Target", "contract_tests"]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
