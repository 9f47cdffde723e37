"""Every law of elevate's and billingplatform's books holds at the stand-in."""

from __future__ import annotations

from functools import partial

from targets import stand_in

from counterfoil.contract import contract_tests

test_elevate = contract_tests("elevate", target=partial(stand_in, "elevate", scenario_name="every-state"))
test_billingplatform = contract_tests("billingplatform", target=partial(stand_in, "billingplatform"))
