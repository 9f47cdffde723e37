"""Values that a handler caches are validated and encoded once; new values in a response are still validated."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from counterfoil.api import Request, Response
from counterfoil.api.kept import Kept, KeptMembers

from .toy import TOY, Client, serve

FIRST = {"id": "1", "text": "first", "amount": Decimal("1.10")}
SECOND = {"id": "2", "text": "second"}
WRONG = {"id": "3"}


def answering(*responses: Response) -> Client:
    """Asks for one response after the other."""
    left = list(responses)

    def handler(request: Request, world: Any) -> Response:
        return left.pop(0)

    return Client(serve(replace(TOY, routes={**TOY.routes, "GET /lists/{kind}": handler})))


def listed(members: list[tuple[Any, Kept]], total: Any, status: int = 200) -> Response:
    body = {"total": total, "notes": [value for value, _ in members]}
    return Response(status, body, kept=KeptMembers(("notes",), [kept for _, kept in members]))


def test_a_list_of_kept_members_is_sent_as_it_is() -> None:
    first, second = (FIRST, Kept()), (SECOND, Kept())
    ask = answering(listed([first], 1), listed([first, second], 2), listed([], 0))
    texts = [ask.get("/lists/a").text for _ in range(3)]
    one, two = '{"id":"1","text":"first","amount":1.10}', '{"id":"2","text":"second"}'
    assert texts == [
        f'{{"total":1,"notes":[{one}]}}',
        f'{{"total":2,"notes":[{one},{two}]}}',
        '{"total":0,"notes":[]}',
    ]


def test_a_new_member_or_envelope_that_is_wrong_is_found() -> None:
    first = (FIRST, Kept())
    wrong = (WRONG, Kept())
    ask = answering(
        listed([first], 1), listed([first, wrong], 2), listed([first], -1), listed([wrong], 1), listed([first], 1)
    )
    assert [ask.get("/lists/a").status_code for _ in range(5)] == [200, 500, 500, 500, 200]


def test_members_are_judged_together_where_the_schema_does() -> None:
    """The list is to have no member twice, though each of them was valid before."""
    first, again = (FIRST, Kept()), (dict(FIRST), Kept())
    ask = answering(
        listed([first], 1, 203), listed([again], 1, 203), listed([first, again], 2, 203), listed([first, again], 2)
    )
    assert [ask.get("/lists/a").status_code for _ in range(4)] == [203, 203, 500, 200]


def test_a_kept_value_is_judged_for_each_schema_that_it_is_sent_by() -> None:
    kept, body = Kept(), {"total": -1, "notes": [FIRST]}
    ask = answering(*(Response(status, body, kept=kept) for status in (203, 200, 203)))
    assert [ask.get("/lists/a").status_code for _ in range(3)] == [203, 500, 203]
