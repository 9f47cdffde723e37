"""counterfoil: a stateful stand-in for five billing APIs, and a checker that holds any implementation to the same contract."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("counterfoil")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+source"
