"""Laws about the objects and references inside a bill: their classes, addresses, ids and members, and its documents."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from counterfoil.apis.oracle_brm.laws.bills import CLASS, EXTENDED_BILLS, URI
from counterfoil.contract.laws import cross_item, items
from counterfoil.contract.laws.customer_bills import ENDS, STARTS
from counterfoil.contract.laws.items import Mismatch

REFERENCES = ("payment", "billDocument", "billingAccount", "financialAccount", "paymentMethod", "relatedParty")
CLASSES = ("@type", "@baseType", "@referredType")
ADDRESSES = ("href", "url", "@schemaLocation")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+(\s*;.*)?|\.?[a-z0-9]+", re.ASCII | re.IGNORECASE)
_BYTES = {"b": 1, "byte": 1, "bytes": 1}


def objects_in(bill: Any) -> Iterator[tuple[str, Any]]:
    """The bill and every object in it that has a class, each with its member name."""
    yield "bill", bill
    for name in ("billDocument", "appliedPayment", "relatedParty", "taxItem"):
        yield from ((name, each) for each in bill.get(name) or ())
    for name in ("billingAccount", "financialAccount", "paymentMethod"):
        if bill.get(name):
            yield name, bill[name]
    payments = (each.get("payment") for each in bill.get("appliedPayment") or ())
    yield from (("payment", payment) for payment in payments if payment)
    if balance := (bill.get("financialAccount") or {}).get("accountBalance"):
        yield "accountBalance", balance


def classes_are_names(bill: Any) -> Mismatch:
    """@type, @baseType and @referredType are class names of one word; no object's @type is its own @baseType."""
    for kind, found in objects_in(bill):
        for name in CLASSES:
            if found.get(name) is not None and not CLASS.fullmatch(str(found[name])):
                return f"the name of a class in {name} of {kind}", found[name]
        if found.get("@type") is not None and found.get("@type") == found.get("@baseType"):
            return f"a class above {found['@type']} in @baseType of {kind}", found["@baseType"]
    return None


def addresses_are_uris(bill: Any) -> Mismatch:
    """href, url and @schemaLocation are URIs, without spaces or other characters that a URI must encode."""
    for kind, found in objects_in(bill):
        for name in ADDRESSES:
            if found.get(name) is not None and not URI.fullmatch(str(found[name])):
                return f"a URI in {name} of {kind}", found[name]
    return None


def references_have_ids(bill: Any) -> Mismatch:
    """Every reference has an id, and every account balance its amount, its type and its period."""
    for kind, found in objects_in(bill):
        if kind in REFERENCES[:1] + REFERENCES[2:] and not found.get("id"):
            return f"an id in {kind}", found
        if kind == "accountBalance":
            lacking = [name for name in ("amount", "balanceType", "validFor") if not found.get(name)]
            if lacking:
                return f"{lacking[0]} in accountBalance", found
    return None


def described(bill: Any) -> Iterator[tuple[Any, Any]]:
    """The class, schema and address of each object that other bills may refer to as well."""
    for kind, found in objects_in(bill):
        if kind in REFERENCES and found.get("id"):
            yield (kind, found["id"]), {name: found.get(name) for name in (*CLASSES, "@schemaLocation", "href")}


def classed(bill: Any) -> Iterator[tuple[Any, Any]]:
    """The schema of each class that the bill names."""
    for _, found in objects_in(bill):
        if found.get("@type") and found.get("@schemaLocation"):
            yield found["@type"], found["@schemaLocation"]


def addressed(bill: Any) -> Iterator[tuple[Any, Any]]:
    """The object that each href in the bill is the address of."""
    for kind, found in objects_in(bill):
        if kind in REFERENCES and found.get("id") and found.get("href"):
            yield found["href"], (kind, found["id"])


# --- documents -------------------------------------------------------------------------------------


def _documents(bill: Any) -> Any:
    return bill.get("billDocument") or ()


def document_is_described(bill: Any) -> Mismatch:
    """A bill's documents have a media type or file extension, and no empty name, kind or description; no two have the same id."""
    for each in _documents(bill):
        if each.get("mimeType") is not None and not _MEDIA_TYPE.fullmatch(str(each["mimeType"])):
            return "a media type, or a file extension, in mimeType", each["mimeType"]
        for name in ("id", "name", "attachmentType", "description"):
            if each.get(name) is not None and not str(each[name]).strip():
                return f"a text in {name} of a document, or none", each
    ids = [each["id"] for each in _documents(bill) if each.get("id")]
    return None if len(set(ids)) == len(ids) else ("each document once", ids)


def document_is_whole(bill: Any) -> Mismatch:
    """A document's content is base64; its size is not negative, and the content's length if it is in bytes; a data: URL has the
    same content; validFor ends after it begins."""
    for each in _documents(bill):
        content = each.get("content")
        try:
            length = None if content is None else len(b64decode(content, validate=True))
        except (NotBase64, ValueError):
            return "base64 in content", content
        if mismatch := _size(each.get("size") or {}, length):
            return mismatch
        url = str(each.get("url") or "")
        if content is not None and url.startswith("data:") and ";base64," in url and not url.endswith(content):
            return f"the content {content} in url", url
        period = each.get("validFor") or {}
        starts, ends = period.get("startDateTime"), period.get("endDateTime")
        if starts and ends and not STARTS.read(starts) < ENDS.read(ends):
            return "a time in validFor that ends after it began", period
    return None


def _size(size: Any, length: int | None) -> Mismatch:
    """Checks a size; its ``amount`` is 1 by default."""
    if not size:
        return None
    amount = Decimal(str(1 if size.get("amount") is None else size["amount"]))
    unit = _BYTES.get(str(size.get("units") or "").lower())
    if amount < 0 or (length is not None and unit is not None and amount != length):
        return f"size {length if length is not None else 0} (or more)", size
    return None


CLASS_CLAUSES = tuple(
    f"c{number}"
    for number in (53, 55, 81, 83, 87, 88, 90, 95, 96, 98, 109, 110, 112, 121, 122, 124, 130, 132, 137, 138, 140, 145, 146, 148,
                   153, 155)
)  # fmt: skip
SCHEMA_CLAUSES = tuple(f"c{number}" for number in (54, 82, 89, 97, 111, 123, 131, 139, 147, 154))
HREF_CLAUSES = tuple(f"c{number}" for number in (92, 102, 114, 126, 141, 149))
CONTENT_CLAUSES = ("c100", "c106", "c107", "c108", "c159", "c160")


def _names_a_class(bill: Any) -> bool:
    return any(found.get(name) for _, found in objects_in(bill) for name in CLASSES)


def _has_address(bill: Any) -> bool:
    return any(found.get(name) for _, found in objects_in(bill) for name in ADDRESSES)


def _has_content(bill: Any) -> bool:
    return any(each.get(name) for each in _documents(bill) for name in ("content", "size", "url", "validFor"))


LAWS = (
    items.each(
        "oracle-brm.object.classes", EXTENDED_BILLS, classes_are_names, *CLASS_CLAUSES,
        only=_names_a_class, lacking="no object names its class", family="form",
    ),
    items.each(
        "oracle-brm.object.addresses", EXTENDED_BILLS, addresses_are_uris, *SCHEMA_CLAUSES, *HREF_CLAUSES, "c65", "c107",
        only=_has_address, lacking="no object has an address", family="form",
    ),
    items.each(
        "oracle-brm.object.required", EXTENDED_BILLS, references_have_ids, "c86", "c120", "c129", "c136", "c144", family="shape"
    ),
    cross_item.consistent_facts(
        "oracle-brm.object.same", EXTENDED_BILLS, described, *CLASS_CLAUSES, *SCHEMA_CLAUSES, *HREF_CLAUSES, "c127", "c103",
        text="Bills that refer to one object give it the same class, schema and address.",
        lacking="no bill refers to anything",
    ),
    cross_item.consistent_facts(
        "oracle-brm.object.schema", EXTENDED_BILLS, classed, *SCHEMA_CLAUSES,
        text="All objects of one class name the same schema.", lacking="no object names its schema",
    ),
    cross_item.consistent_facts(
        "oracle-brm.object.own-address", EXTENDED_BILLS, addressed, *HREF_CLAUSES,
        text="No two objects have the same href.", lacking="no reference has an href",
    ),
    items.each(
        "oracle-brm.document.described", EXTENDED_BILLS, document_is_described, "c59", "c99", "c101", "c103", "c104", "c105",
        only=_documents, lacking="no bill has a document", family="form",
    ),
    items.each(
        "oracle-brm.document.content", EXTENDED_BILLS, document_is_whole, *CONTENT_CLAUSES,
        only=_has_content, lacking="no document is contained in its bill", family="agreement",
    ),
)  # fmt: skip
