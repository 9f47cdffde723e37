"""Every law of every law book holds at the stand-in; at a real implementation too, where ``COUNTERFOIL_URL_<API>`` names one."""

from __future__ import annotations

from functools import partial

from targets import stand_in

from counterfoil.contract import contract_tests

test_elevate = contract_tests("elevate", target=partial(stand_in, "elevate", scenario_name="every-state"))
test_billingplatform = contract_tests("billingplatform", target=partial(stand_in, "billingplatform"))

test_real_elevate = contract_tests("elevate")
test_real_billingplatform = contract_tests("billingplatform")
