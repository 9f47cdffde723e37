"""All defects of all APIs: importing this fills ``plant.DEFECTS``."""

from __future__ import annotations

from counterfoil.app import scenario_names

from . import billingplatform, elevate, emnify, flexprice, oracle_brm

APIS = ("elevate", "oracle-brm", "flexprice", "emnify", "billingplatform")
SEEDS = range(20)

__all__ = ["APIS", "SEEDS", "billingplatform", "elevate", "emnify", "flexprice", "oracle_brm", "scenario_names"]
