"""Checks that the packages of the extra ``check`` are installed, before anything needs them."""

from __future__ import annotations

from importlib.util import find_spec

PACKAGES = ("hypothesis", "schemathesis")


class CheckNotInstalled(Exception):
    """Hypothesis or Schemathesis is not installed: one line that says how to install them."""


def require_check_extra() -> None:
    """Raise ``CheckNotInstalled`` if a package of ``counterfoil[check]`` is not installed."""
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise CheckNotInstalled(
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not installed; "
            "install the extra: pip install 'counterfoil[check]', or '.[check]' in a clone"
        )
