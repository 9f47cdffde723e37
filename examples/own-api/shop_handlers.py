"""What the shop's API does beyond storing: a total is a sum, only an open invoice can be paid, revenue is what was paid."""

from counterfoil.own import Answer, Refusal, Request, Resource, Store, handler


@handler("POST /invoices")
def create_invoice(request: Request, store: Store) -> Answer:
    """The total is the sum of the lines, and the customer must be there."""
    if store["/customers"].find(request.body["customer"]) is None:
        raise Refusal("malformed", f"there is no customer {request.body['customer']}", where="customer")
    total = sum(line["amount"] for line in request.body["lines"])
    invoice = store["/invoices"].create(request.body, status="open", total=total)
    return Answer(invoice, status=201)


@handler("POST /invoices/{invoice}/pay")
def pay(request: Request, store: Store) -> Resource:
    """Only an open invoice can be paid; the world's clock says when."""
    invoice = store["/invoices"].get(request.path["invoice"])
    if invoice["status"] != "open":
        raise Refusal("conflict", f"the invoice is {invoice['status']}; only an open one can be paid")
    return invoice.update(status="paid", paid_at=store.now)


@handler("GET /revenue")
def revenue(request: Request, store: Store) -> dict[str, int]:
    """A sum over what is there."""
    paid = store["/invoices"].list(status="paid")
    return {"paid": sum(each["total"] for each in paid), "invoices": len(paid)}
