"""Renders the document of a bill: a plain text with its lines and totals, embedded in the bill or only referenced."""

from __future__ import annotations

from base64 import b64encode

from counterfoil.api import Json
from counterfoil.apis.oracle_brm.bills import ShownBill
from counterfoil.apis.oracle_brm.ids import bill_id
from counterfoil.apis.oracle_brm.lines import signed_amount, title
from counterfoil.apis.oracle_brm.objects import Renderer
from counterfoil.world.timestamps import format_timestamp

MEDIA_TYPE = "text/plain"


def attachments(renderer: Renderer, customer: int, bill: ShownBill, number: str | None, href: str) -> Json:
    """A bill's ``billDocument``, by the switch ``oracle-brm.bill_document`` (docs/vendors/oracle-brm.md#bill-document)."""
    if renderer.form.document == "none":
        return None
    name = f"Bill {number}" if number else "Bill in progress"
    members: dict[str, Json] = {
        "id": bill_id(customer, bill.account, bill.ordinal, "invoice"),
        "name": name,
        "attachmentType": "bill",
        "mimeType": MEDIA_TYPE,
    }
    if renderer.form.document == "content":
        text = _text(name, bill).encode()
        content = b64encode(text).decode()
        members |= {
            "content": content,
            "description": f"The lines and totals of {name}",
            "href": f"{href}?fields=billDocument",
            "size": {"amount": len(text), "units": "B"},
            "url": f"data:{MEDIA_TYPE};base64,{content}",
            "validFor": {
                "startDateTime": format_timestamp(bill.period_start),
                "endDateTime": format_timestamp(bill.period_end),
            },
        }
    return [renderer.form.object("AttachmentRefOrValue", members)]


def _text(name: str, bill: ShownBill) -> str:
    rows = [(title(line), signed_amount(line)) for line in bill.lines]
    rows += [("Net", bill.net), (f"VAT {bill.tax_rate:f} %", bill.tax), ("Total", bill.total)]
    return "\n".join([name, *(f"{label}: {amount:f} {bill.currency}" for label, amount in rows), ""])
