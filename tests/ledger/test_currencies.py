"""The ledger rounds to the minor unit that ISO 4217 gives a currency, and the laws expect as many decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from counterfoil.contract.laws.customer_bills import DECIMALS
from counterfoil.ledger.money import minor_unit, to_minor_unit

ISO_4217 = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AUD BRL CAD CHF CNY CZK DKK EUR GBP HUF INR MGA MRU MXN NOK PLN SEK SGD TRY USD ZAR",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}


@pytest.mark.parametrize(
    ("currency", "decimals"), [(each, places) for places, names in ISO_4217.items() for each in names.split()]
)
def test_a_currency_has_its_decimals_in_the_ledger_and_in_the_laws(currency: str, decimals: int) -> None:
    assert minor_unit(currency) == Decimal(1).scaleb(-decimals)
    assert to_minor_unit(Decimal("1.55555"), currency) == Decimal(["2", "1.6", "1.56", "1.556", "1.5556"][decimals])
    assert DECIMALS.get(currency, 2) == decimals


def test_the_laws_know_no_other_exceptions() -> None:
    exceptions = {name for places, names in ISO_4217.items() if places != 2 for name in names.split()}
    assert set(DECIMALS) == exceptions
