"""Defects of oracle-brm in the objects and references inside a bill, and in its documents."""

from __future__ import annotations

import functools
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from ... import wire
from ...lists import Row
from .shared import FETCH, LIST, defect

OBJECTS = (
    "billDocument",
    "appliedPayment",
    "billingAccount",
    "financialAccount",
    "paymentMethod",
    "relatedParty",
    "taxItem",
)


def in_bills(*names: str) -> Callable[[Callable[[Row, Row], Row]], wire.Defect]:
    """``f(object, bill) -> members that are different``, of the objects in these members of a bill."""

    def made(function: Callable[[Row, Row], Row]) -> wire.Defect:
        def changed(value: Any, bill: Row) -> Any:
            if isinstance(value, list):
                return [changed(each, bill) for each in value]
            return {**value, **function(value, bill)} if isinstance(value, dict) else value

        @wire.row(LIST, FETCH)
        @functools.wraps(function)
        def defect(bill: Row) -> Row:
            return {name: changed(value, bill) if name in names else value for name, value in bill.items()}

        return defect

    return made


@defect("form")
@in_bills(*OBJECTS)
def types_are_paths_in_the_document(found: Row, bill: Row) -> Row:
    """@type is a JSON pointer to the schema, not the name of the class."""
    return {"@type": f"#/components/schemas/{found.get('@type')}"}


@defect("form")
@in_bills(*OBJECTS)
def base_types_are_the_types(found: Row, bill: Row) -> Row:
    """@baseType is the object's own class, not the one above it."""
    return {"@baseType": found["@type"]} if found.get("@baseType") else {}


@defect("form")
@in_bills("relatedParty")
def referred_types_are_sentences(found: Row, bill: Row) -> Row:
    """@referredType of a party says what it is in words."""
    return {"@referredType": "a legal entity"} if found.get("@referredType") else {}


@defect("form")
@in_bills("taxItem", "appliedPayment")
def schema_locations_are_file_names(found: Row, bill: Row) -> Row:
    """@schemaLocation is the name of a file on the server, with spaces."""
    return {"@schemaLocation": "TM Forum schemas/v4.json"} if found.get("@schemaLocation") else {}


@defect("form")
@in_bills("billingAccount")
def hrefs_of_accounts_are_not_encoded(found: Row, bill: Row) -> Row:
    """href of an account holds its id as it is, with a space."""
    return {"href": f"/accountManagement/v4/billingAccount/{found['id'].replace('+', ' ')}"}


@defect("agreement")
@in_bills("paymentMethod")
def payment_methods_of_paid_bills_are_payments(found: Row, bill: Row) -> Row:
    """Only in settled bills: the payment method refers to a Payment."""
    return {"@referredType": "Payment"} if bill.get("state") == "settled" and found.get("@referredType") else {}


@defect("agreement")
@in_bills("financialAccount")
def hrefs_of_financial_accounts_are_below_the_bill(found: Row, bill: Row) -> Row:
    """A financial account's href is below the bill that names it, so every bill gives it another."""
    return {"href": f"{bill['href']}/financialAccount"} if "href" in bill else {}


@defect("agreement")
@in_bills("billingAccount", "paymentMethod")
def schemas_have_a_version_for_each_bill(found: Row, bill: Row) -> Row:
    """@schemaLocation has the bill's state in it."""
    schema = found.get("@schemaLocation")
    return {"@schemaLocation": f"{schema}?for={bill.get('state', 'none')}"} if schema else {}


@defect("identity")
@in_bills("relatedParty")
def parties_have_the_address_of_the_list(found: Row, bill: Row) -> Row:
    """href of every party is that of the list of parties."""
    return {"href": found["href"].rpartition("/")[0]} if found.get("href") else {}


@defect("shape")
@in_bills("paymentMethod")
def payment_methods_have_no_id(found: Row, bill: Row) -> Row:
    """A payment method is named, and its id left empty."""
    return {"id": ""}


@defect("shape")
@in_bills("financialAccount")
def balances_have_no_period(found: Row, bill: Row) -> Row:
    """An account's balance does not say for when it holds."""
    balance = {name: value for name, value in found["accountBalance"].items() if name != "validFor"}
    return {"accountBalance": balance}


# --- documents --------------------------------------------------------------------------------------


@defect("form")
@in_bills("billDocument")
def media_types_are_descriptions(found: Row, bill: Row) -> Row:
    """mimeType says "plain text"."""
    return {"mimeType": "plain text"}


@defect("identity")
@wire.row(LIST, FETCH)
def documents_are_listed_for_each_language(bill: Row) -> Row:
    """A bill's document is there twice with one id, once for each language."""
    documents = bill.get("billDocument")
    return {**bill, "billDocument": [*documents, *documents]} if documents else bill


@defect("agreement")
@in_bills("billDocument")
def documents_are_encoded_twice(found: Row, bill: Row) -> Row:
    """content is base64 of base64, so that it is longer than size says."""
    return {"content": b64encode(found["content"].encode()).decode()} if found.get("content") else {}


@defect("form")
@in_bills("billDocument")
def documents_come_as_text(found: Row, bill: Row) -> Row:
    """content is the text itself, not base64."""
    return {"content": f"Bill of {bill.get('billDate')}"} if found.get("content") else {}


@defect("agreement")
@in_bills("billDocument")
def sizes_are_in_kilobytes(found: Row, bill: Row) -> Row:
    """size is in kilobytes, and says that they are bytes."""
    size = found.get("size")
    return {"size": {**size, "amount": round(float(size["amount"]) / 1024, 3)}} if size else {}


@defect("agreement")
@in_bills("billDocument")
def urls_hold_another_document(found: Row, bill: Row) -> Row:
    """url is that of the terms and conditions."""
    return {"url": f"data:text/plain;base64,{b64encode(b'Terms and conditions').decode()}"} if found.get("url") else {}


@defect("agreement")
@in_bills("billDocument")
def documents_end_as_they_begin(found: Row, bill: Row) -> Row:
    """A document is valid from the end of the period to the end of the period."""
    period = found.get("validFor")
    return {"validFor": {**period, "startDateTime": period["endDateTime"]}} if period else {}
