"""What the customer's view does with credit notes, credits and refunds, as the requests that its forms send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import counterfoil.page
from counterfoil.app import build
from counterfoil.lookup import all_switches
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.capsule import open_capsule, read_capsule
from counterfoil.world.commands import COMMANDS

STATIC = Path(counterfoil.page.__file__).parent / "static"
WORLD = "/_sandbox/v1/worlds/default"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    transport = InProcessTransport(build(scenario_name="late-payer").asgi_app)
    with httpx.Client(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as opened:
        yield opened


def do(client: httpx.Client, name: str, **members: Any) -> Any:
    answer = client.post(f"{WORLD}/commands/{name}", json=members)
    assert answer.status_code == 200, answer.text
    return answer.json()["fact"]


def customer(client: httpx.Client, number: int) -> Any:
    return client.get(f"{WORLD}/customers/{number}").json()


def test_the_page_sends_commands_that_there_are(client: httpx.Client) -> None:
    sent = set()
    for file in STATIC.glob("*.js"):
        served = client.get(f"/static/{file.name}")
        assert served.status_code == 200
        sent |= set(re.findall(r'\bcommand\("(\w+)"', served.text))
    assert {"issue_credit_note", "apply_credit", "refund_payment"} <= sent <= set(COMMANDS)


def test_a_bill_is_credited_in_part_and_in_full(client: httpx.Client) -> None:
    """Tardy owes 14.28 twice. Of the first bill 4.28 is credited and then the rest, 10.00, so that it is cancelled."""
    first = customer(client, 3)["bills"][-1]
    assert (first["bill"], first["creditable"], first["remaining"]) == (1, "14.28", "14.28")
    note = do(client, "issue_credit_note", customer=3, account=0, bill=1, reason="Slow network", amount="4.28")
    assert (note["net"], note["tax"], note["reason"]) == ("3.60", "0.68", "Slow network")
    assert note["lines"] == [{"amount": "3.60", "line": None}]
    first = customer(client, 3)["bills"][-1]
    assert (first["creditable"], first["remaining"], first["settlement"]) == ("10.00", "10.00", "part paid")
    do(client, "issue_credit_note", customer=3, account=0, bill=1, reason="credit note")
    after = customer(client, 3)
    assert (after["bills"][-1]["creditable"], after["bills"][-1]["settlement"]) == ("0.00", "cancelled")
    assert [(each["total"], each["credit"]) for each in after["credit_notes"]] == [("10.00", "0.00"), ("4.28", "0.00")]
    again = client.post(f"{WORLD}/commands/issue_credit_note", json={"customer": 3, "bill": 1})
    assert (again.status_code, again.json()["detail"]) == (409, "all of bill 1 was credited")


def test_a_credit_is_used_for_another_bill_and_the_rest_is_refunded(client: httpx.Client) -> None:
    """Halfway pays 30.00 on February's 14.28: 15.72 are left; 7.14 of them pay what January lacks, 8.58 go back."""
    do(client, "record_payment", customer=2, account=0, bill=2, amount="30.00", overpay=True)
    before = customer(client, 2)
    assert (before["accounts"][0]["credit"], before["payments"][0]["credit"]) == ("15.72", "15.72")
    assert (before["bills"][0]["overpaid"], before["bills"][0]["settlement"]) == ("15.72", "overpaid")
    assert do(client, "apply_credit", customer=2, account=0, bill=1) == "7.14"
    assert customer(client, 2)["accounts"][0]["credit"] == "8.58"
    assert do(client, "refund_payment", customer=2, payment=2, amount="8.58")["refunded"] == "8.58"
    after = customer(client, 2)
    assert (after["accounts"][0]["credit"], after["accounts"][0]["balance"]) == ("0.00", "0.00")
    assert [bill["settlement"] for bill in after["bills"]] == ["paid", "paid"]


def test_lines_of_a_bill_are_credited_and_told_as_text_everywhere(client: httpx.Client) -> None:
    """Of the line of 2.00 for 40 MB, 0.50 are credited: 0.60 = 0.50 + 0.10 tax."""
    note = do(client, "issue_credit_note", customer=3, bill=2, lines=[{"line": 2, "amount": "0.50"}])
    assert note["lines"] == [{"amount": "0.50", "line": 2}]
    assert (note["net"], note["tax"]) == ("0.50", "0.10")
    entries = client.get(f"{WORLD}/timeline").json()["past"]["entries"]
    (done,) = (each["command"] for each in entries if each["command"]["command"] == "issue_credit_note")
    assert done["lines"] == [{"line": 2, "amount": "0.50"}]
    capsule = client.get(f"{WORLD}/capsule").content
    again = open_capsule(read_capsule(capsule), all_switches())
    assert [str(note.total) for note in again.ledger.state_of(3).credit_notes] == ["0.60"]
