"""Renders the objects and references that bills, rates and bills on demand consist of, in base and in extended form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from counterfoil.api import Json
from counterfoil.apis.oracle_brm.ids import (
    PER_CUSTOMER,
    PER_PAYER,
    account_id,
    account_number,
    bill_id,
    bill_number,
    poid,
)
from counterfoil.world.world import World

SCHEMA = (
    "https://raw.githubusercontent.com/tmforum-apis/TMF678_CustomerBill/master/TMF678-CustomerBill-v4.0.0.swagger.json"
)
"""TM Forum's schemas, which ``@schemaLocation`` names (docs/vendors/oracle-brm.md#reference-members)."""

_TYPED = ("@baseType", "@schemaLocation", "@type")
_REFERENCE = ("id", "href", "name", *_TYPED, "@referredType")
_KINDS: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "AccountBalance": (_TYPED, None),
    "AppliedBillingRateCharacteristic": ((*_TYPED, "valueType"), None),
    "AppliedBillingTaxRate": (_TYPED, None),
    "AppliedPayment": (_TYPED, None),
    "AttachmentRefOrValue": (
        (*_REFERENCE, "attachmentType", "content", "description", "mimeType", "size", "url", "validFor"),
        "Attachment",
    ),
    "BillRef": (_REFERENCE, "CustomerBill"),
    "BillingAccountRef": ((*_REFERENCE, "accountNumber"), "BillingAccount"),
    "FinancialAccountRef": (_REFERENCE, "FinancialAccount"),
    "PaymentMethodRef": (_REFERENCE, "PaymentMethod"),
    "PaymentRef": (_REFERENCE, "Payment"),
    "ProductRef": (_REFERENCE, "Product"),
    "RelatedPartyRef": ((*_REFERENCE, "role"), "Organization"),
    "TaxItem": (_TYPED, None),
}
"""For each type of object, the members that may be unset, and what it refers to if it is a reference."""


class Form(msgspec.Struct, frozen=True):
    """How objects are rendered. In ``extended`` form unset members are null. With ``complete`` references have an href, and
    all objects their base type and schema (switch ``oracle-brm.reference_members``). ``document`` is the value of the switch
    ``oracle-brm.bill_document``."""

    extended: bool
    complete: bool
    document: str

    def object(self, kind: str, members: dict[str, Json]) -> dict[str, Json]:
        """An object of type ``kind`` with the given members and those that this form adds."""
        return {**_ADDED_MEMBERS[self.extended, self.complete][kind], **members, "@type": kind}


def form_of(world: World, *, extended: bool) -> Form:
    """The form in this world of a base or extended object."""
    switches = world.switches
    complete = switches["oracle-brm.reference_members"] == "set"
    return Form(extended, complete, str(switches["oracle-brm.bill_document"]))


def _added_members(kind: str, extended: bool, complete: bool) -> dict[str, Json]:
    unset, refers_to = _KINDS[kind]
    found: dict[str, Json] = dict.fromkeys(unset) if extended else {}
    if complete:
        found |= {"@baseType": "Entity", "@schemaLocation": f"{SCHEMA}#/definitions/{kind}"}
        found |= {"@referredType": refers_to} if refers_to else {}
    return found


_ADDED_MEMBERS = {
    (extended, complete): {kind: _added_members(kind, extended, complete) for kind in _KINDS}
    for extended in (False, True)
    for complete in (False, True)
}


class Renderer(msgspec.Struct, frozen=True):
    """Renders references of one world. ``base_url`` is the address of this API in it."""

    world: World
    base_url: str
    form: Form

    def address(self, path: str, id_: str) -> str:
        # The plus sign is the only character of the ids that needs encoding. urllib's quote takes 4 µs, this 0.1 µs.
        return f"{self.base_url}/{path}/{id_.replace('+', '%2B')}"

    def _href_in_other_api(self, api: str, path: str, id_: str) -> dict[str, Json]:
        """The href of an object in another API of the vendor's, which is not served here; only in complete form."""
        if not self.form.complete:
            return {}
        return {"href": f"{self.base_url.replace('customerBillManagement/v4', api)}/{path}/{quote(id_, safe='')}"}

    def name_of(self, customer: int) -> str:
        return self.world.contact_of(customer).name

    def billing_account(self, customer: int, account: int) -> Json:
        id_ = account_id(customer, account)
        members = {"id": id_, "accountNumber": account_number(customer, account), "name": self.name_of(customer)}
        members |= self._href_in_other_api("accountManagement/v4", "billingAccount", id_)
        return self.form.object("BillingAccountRef", members)

    def bill(self, customer: int, account: int, ordinal: int, series: str | None) -> Json:
        """A reference to a bill, which is served here. Its name is its number; one in progress has none."""
        id_ = bill_id(customer, account, ordinal)
        members = {"id": id_, "href": self.address("customerBill", id_)}
        if series is not None:
            members["name"] = bill_number(customer, account, series)
        return self.form.object("BillRef", members)

    def financial_account(self, customer: int, account: int, currency: str, balance: Json) -> Json:
        id_ = account_id(customer, account, "billinfo")
        members = {"id": id_, "name": f"Receivables in {currency}", "accountBalance": balance}
        members |= self._href_in_other_api("accountManagement/v4", "financialAccount", id_)
        return self.form.object("FinancialAccountRef", members)

    def payment_method(self, customer: int, account: int, method: str) -> Json:
        id_ = account_id(customer, account, "payinfo")
        members = {"id": id_, "name": method, **self._href_in_other_api("paymentMethods/v1", "paymentMethod", id_)}
        return self.form.object("PaymentMethodRef", members)

    def payment(self, customer: int, ordinal: int, method: str, amount: Json) -> Json:
        id_ = poid("payment", customer, ordinal, PER_PAYER)
        members = {"id": id_, "name": method, "amount": amount}
        members |= self._href_in_other_api("paymentManagement/v4", "payment", id_)
        return self.form.object("PaymentRef", members)

    def credit_note(self, customer: int, ordinal: int, amount: Json) -> Json:
        """A credit note, as the payment that a bill shows it as (docs/vendors/oracle-brm.md#credit-notes)."""
        id_ = poid("item", customer, ordinal, PER_PAYER)
        members = {"id": id_, "name": "credit note", "amount": amount}
        members |= self._href_in_other_api("paymentManagement/v4", "payment", id_)
        return self.form.object("PaymentRef", members)

    def party(self, customer: int, role: str) -> Json:
        members = {"id": str(customer), "name": self.name_of(customer), "role": role}
        members |= self._href_in_other_api("partyManagement/v4", "organization", str(customer))
        return self.form.object("RelatedPartyRef", members)

    def product(self, customer: int, subscription: int, name: str) -> Json:
        id_ = poid("purchased_product", customer, subscription, PER_CUSTOMER)
        members = {"id": id_, "name": name, **self._href_in_other_api("productInventory/v4", "product", id_)}
        return self.form.object("ProductRef", members)

    def billing_cycle(self, customer: int, account: int) -> Json:
        """The extension member ``billingCycleSpecification``; null unless the form is complete."""
        return {"id": account_id(customer, account, "billinfo")} if self.form.complete else None


def select_members(document: dict[str, Json], fields: frozenset[str] | None, form: Form) -> Json:
    """``document`` reduced to ``fields``, id and href, and in base form without members that are not set."""
    return {
        name: value
        for name, value in document.items()
        if (fields is None or name in fields or name in ALWAYS) and (form.extended or value is not None)
    }


ALWAYS = ("id", "href")
"""The members that ``fields`` cannot remove (docs/vendors/oracle-brm.md#fields)."""
