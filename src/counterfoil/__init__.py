"""counterfoil: a stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from counterfoil.testing import Sandbox as Sandbox

__all__ = ["Sandbox", "__version__"]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """Load ``__version__`` and ``Sandbox`` on first use: reading package metadata costs 28 ms, and ``Sandbox`` far more."""
    if name == "Sandbox":
        from counterfoil.testing import Sandbox

        return Sandbox
    if name != "__version__":
        raise AttributeError(f"module 'counterfoil' has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("counterfoil")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+source"
