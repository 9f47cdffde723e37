"""Invalid uses of money in a story, and values that YAML 1.1 reads differently, are refused with file, line and member.

The story is that of ``late-payer``. Tardy (3) owes 14.28 twice; Prompt (1) has paid both bills.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from counterfoil.app import build
from counterfoil.lookup import all_switches
from counterfoil.testing.in_process import InProcessTransport
from counterfoil.world.scenario import ScenarioError
from counterfoil.world.scenario_loader import parse_scenario
from counterfoil.world.scenario_runner import run_scenario

STORY = (Path(__file__).resolve().parents[2] / "fixtures" / "scenarios" / "late-payer.yaml").read_text("utf-8")
LAST = STORY.count("\n") + 1


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        run_scenario(parse_scenario("late", text.encode(), "late.yaml"), known_switches=all_switches())
    return str(caught.value)


MONEY = [
    ("issue_credit_note: {customer: tardy, bill: 1, amount: 14.29}", "amount"),
    ("issue_credit_note: {customer: tardy, bill: 1, amount: 0.001}", "amount"),
    ("issue_credit_note: {customer: tardy, bill: 1, currency: USD}", "currency"),
    ("issue_credit_note: {customer: tardy, bill: 3}", "bill"),
    ("issue_credit_note: {customer: tardy, bill: 1, account: 1}", "account"),
    ("issue_credit_note: {customer: tardy, bill: 1, lines: [{line: 2, amount: 2.01}]}", "lines"),
    ("issue_credit_note: {customer: tardy, bill: 1, lines: [{line: 1}, {line: 1}]}", "lines"),
    ("issue_credit_note: {customer: tardy, bill: 1, amount: 1, lines: [{line: 1}]}", "lines"),
    ("apply_credit: {customer: prompt, bill: 1}", "bill"),
    ("apply_credit: {customer: tardy, bill: 1}", "customer"),
    ("apply_credit: {customer: tardy, bill: 1, currency: USD}", "currency"),
    ("apply_credit: {customer: tardy, bill: 1, payment: 1}", "payment"),
    ("apply_credit: {customer: tardy, bill: 1, credit_note: 1}", "credit_note"),
    ("cancel_bill: {customer: prompt, bill: 1}", "bill"),
    ("refund_payment: {customer: prompt, payment: 1, amount: 14.29}", "amount"),
    ("refund_payment: {customer: prompt, payment: 3}", "payment"),
    ("record_payment: {customer: tardy, bill: 1, amount: 14.29}", "amount"),
    ("record_payment: {customer: tardy, bill: 1, further_bills: [1]}", "further_bills"),
    ("record_payment: {customer: tardy, bill: 1, further_bills: [3]}", "further_bills"),
]
YAML_1_1 = [
    ("record_payment: {customer: tardy, bill: 1, amount: 1_0}", "amount"),
    ("issue_credit_note: {customer: tardy, bill: 1, lines: [{line: 1, amount: 1_0}]}", "lines[0].amount"),
    ("record_payment: {customer: tardy, bill: 1, overpay: yes}", "overpay"),
    ("record_usage: {customer: tardy, country: DE, quantity: 1_0}", "quantity"),
    ("record_usage: {customer: tardy, country: DE, quantity: 1, rated: off}", "rated"),
    ("record_usage: {customer: tardy, country: DE, quantity: 1, started_at: 2026-03-15}", "started_at"),
    ("add_charge: {customer: tardy, description: Visit, amount: 0b11}", "amount"),
    ("add_charge: {customer: tardy, description: Visit, amount: 1, dated: 20260315}", "dated"),
    ("advance_clock: {days: 1:30}", "days"),
]


@pytest.mark.parametrize(("step", "member"), [*MONEY, *YAML_1_1])
def test_a_step_that_cannot_be_done_has_file_line_and_member(step: str, member: str) -> None:
    message = refused(f"{STORY}  - {{{step}}}\n")
    assert message.startswith(f"late.yaml:{LAST}: story step 15: {step.partition(':')[0]}: "), message
    assert message.endswith(f" ({member})"), message


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    transport = InProcessTransport(build(scenario_name="late-payer").server)
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=60) as opened:
        yield opened


@pytest.mark.parametrize(("step", "member"), MONEY)
def test_over_http_it_has_the_member_and_changes_nothing(client: httpx.Client, step: str, member: str) -> None:
    ((name, members),) = yaml.safe_load(step).items()
    members["customer"] = {"prompt": 1, "tardy": 3}[members["customer"]]
    world = "/_sandbox/v1/worlds/default"
    before = client.get(world).json(), client.get(f"{world}/customers/{members['customer']}").json()
    answer = client.post(f"{world}/commands/{name}", json=members)
    assert answer.status_code in {404, 409, 422}, answer.text
    assert answer.json()["field"] == member
    assert (client.get(world).json(), client.get(f"{world}/customers/{members['customer']}").json()) == before


@pytest.mark.parametrize(
    ("find", "put", "line", "says"),
    [
        ("monthly_fee: 10.00", "monthly_fee: 1_0", 13, "'1_0' is not a number: write it as in 1000 or 12.50 (tariffs"),
        ("monthly_fee: 10.00", "monthly_fee: ' 10'", 13, "' 10' is not a number"),
        ("monthly_fee: 10.00", "monthly_fee: ١٠", 13, "'١٠' is not a number"),
        ("monthly_fee: 10.00", "monthly_fee: -1", 13, "(tariffs[0].monthly_fee)"),
        ("monthly_fee: 10.00", "monthly_fee: on", 13, "(tariffs[0].monthly_fee)"),
        ("tax_rate: 19", "tax_rate: 190", 7, "(seller.tax_rate)"),
        ("country: GB,", "country: GB, sims: 1_0,", 18, "(customers[0].sims)"),
        ("country: GB,", "country: no,", 18, "(customers[0].country)"),
        ("country: GB,", "country: GB, starts: 20260101,", 18, "(customers[0].starts)"),
        ("bill: 1}", "bill: 1, bill: 2}", 27, "key 'bill' is given twice, first in line 27"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_what_it_looks_like_has_file_line_and_member(
    find: str, put: str, line: int, says: str
) -> None:
    message = refused(STORY.replace(find, put, 1))
    assert message.startswith(f"late.yaml:{line}: "), message
    assert says in message
    assert "\n" not in message


def test_the_same_mistakes_in_two_places_are_both_told() -> None:
    message = refused(
        STORY.replace("monthly_fee: 10.00", "monthly_fee: 1_0").replace("per_unit: 0.05", "per_unit: ' 1'")
    )
    assert [each.partition(": ")[0] for each in message.splitlines()] == ["late.yaml:13", "late.yaml:15"]
