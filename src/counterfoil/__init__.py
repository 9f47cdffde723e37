"""counterfoil: a stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract."""

from __future__ import annotations

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """``__version__`` is looked up when asked for: reading package metadata costs 28 ms, a quarter of a quick start."""
    if name != "__version__":
        raise AttributeError(f"module 'counterfoil' has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("counterfoil")
    except PackageNotFoundError:  # a source tree that was never installed
        return "0+source"
