"""Defects of elevate in filters and in which fields are shown."""

from __future__ import annotations

from ... import wire
from ...lists import Row
from ...wire import Ask, Request, Response
from .shared import (
    FILTERS,
    LIST,
    MEMBERS,
    STATUSES,
    SUMMARIES,
    defect,
    is_in,
    is_like,
    is_plain,
    number_in,
    with_changed,
)

# --- filters ----------------------------------------------------------------------------------------


@defect("filtering")
@wire.query(LIST)
def billing_status_filter_is_ignored(query: dict[str, str]) -> dict[str, str]:
    """billingStatus filters nothing."""
    return {name: value for name, value in query.items() if name != "billingStatus" or not is_plain(value)}


@defect("filtering")
@SUMMARIES.matching(["ratingStatus"], lambda given: given == "INCOMPLETE")
def rating_status_filter_finds_complete_only(row: Row, name: str, given: str, was: bool) -> bool:
    """ratingStatus=INCOMPLETE finds nothing."""
    return False


@defect("filtering")
@SUMMARIES.matching(["customerId"], is_plain)
def customer_filter_is_a_prefix(row: Row, name: str, given: str, was: bool) -> bool:
    """customerId=1 finds 10 to 19, too."""
    return str(row[name]).startswith(given)


@defect("filtering")
@SUMMARIES.matching(["valueDifference"], is_plain)
def difference_compares_as_text(row: Row, name: str, given: str, was: bool) -> bool:
    """valueDifference=5.0 does not find 5."""
    return str(row[name]) == given


@defect("filtering")
@SUMMARIES.matching(["percentageDifference"], is_plain)
def percentage_compares_as_text(row: Row, name: str, given: str, was: bool) -> bool:
    """percentageDifference=50.0 does not find 50."""
    return str(row[name]) == given


@defect("filtering")
@SUMMARIES.matching(["valueDifference"], is_plain)
def difference_filter_ignores_the_sign(row: Row, name: str, given: str, was: bool) -> bool:
    """Only for negative differences: valueDifference=5 finds -5, too."""
    return was or -row[name] == number_in(given)


@defect("filtering")
@SUMMARIES.matching(["percentageDifference"], is_plain)
def percentage_filter_finds_no_negative(row: Row, name: str, given: str, was: bool) -> bool:
    """Only for negative percentages: they are never found."""
    return was and row[name] >= 0


@defect("filtering")
@wire.query(LIST)
def in_takes_the_first_value_only(query: dict[str, str]) -> dict[str, str]:
    """``in:a,b`` finds a."""
    return {name: value.split(",")[0] if is_in(value) else value for name, value in query.items()}


@defect("filtering")
@wire.query(LIST)
def in_forgets_a_third_value(query: dict[str, str]) -> dict[str, str]:
    """``in:a,b,c`` finds a and b."""
    return {name: ",".join(value.split(",")[:2]) if is_in(value) else value for name, value in query.items()}


@defect("filtering")
@wire.query(LIST)
def in_of_customers_is_a_range(query: dict[str, str]) -> dict[str, str]:
    """customerId=in:2,5 finds 2 to 5."""

    def between(given: str) -> str:
        numbers = [int(part) for part in given[3:].split(",") if part.isdecimal()] if is_in(given) else []
        return "in:" + ",".join(map(str, range(min(numbers), max(numbers) + 1))) if numbers else given

    return with_changed(query, "customerId", between)


@defect("filtering")
@wire.query(LIST)
def in_of_ratings_is_everything(query: dict[str, str]) -> dict[str, str]:
    """ratingStatus=in:… finds every customer."""
    return {name: value for name, value in query.items() if name != "ratingStatus" or not is_in(value)}


@defect("filtering")
@SUMMARIES.matching(["valueDifference"], is_in)
def in_of_differences_finds_nothing(row: Row, name: str, given: str, was: bool) -> bool:
    """valueDifference=in:… is not understood and finds nothing."""
    return False


@defect("filtering")
@SUMMARIES.matching(FILTERS, is_like)
def like_is_case_sensitive(row: Row, name: str, given: str, was: bool) -> bool:
    """``like:act`` does not find ACTIVE."""
    return given[5:] in str(row[name])


@defect("filtering")
@SUMMARIES.matching(FILTERS, is_like)
def like_is_a_prefix(row: Row, name: str, given: str, was: bool) -> bool:
    """``like:x`` finds what begins with x."""
    return str(row[name]).lower().startswith(given[5:].lower())


@defect("filtering")
@wire.query(LIST)
def like_of_customers_is_exact(query: dict[str, str]) -> dict[str, str]:
    """customerId=like:1 finds customer 1 alone."""
    return with_changed(query, "customerId", lambda given: given.removeprefix("like:"))


@defect("filtering")
@SUMMARIES.matching(["ratingStatus"], is_like)
def like_of_ratings_takes_in_for_nothing(row: Row, name: str, given: str, was: bool) -> bool:
    """ratingStatus=like:complete does not find INCOMPLETE."""
    return was and row[name] != "INCOMPLETE"


@defect("filtering")
@wire.query(LIST)
def only_the_last_filter_counts(query: dict[str, str]) -> dict[str, str]:
    """Only under a second filter: the first is forgotten."""
    last = [name for name in FILTERS if name in query][-1:]
    return {name: value for name, value in query.items() if name not in FILTERS or name in last}


@defect("filtering")
@wire.query(LIST)
def customer_filter_beats_the_others(query: dict[str, str]) -> dict[str, str]:
    """Only under a second filter: with a customerId the others are ignored."""
    beaten = FILTERS[1:] if "customerId" in query else ()
    return {name: value for name, value in query.items() if name not in beaten}


@defect("filtering")
@wire.query(LIST)
def an_unknown_status_filters_nothing(query: dict[str, str]) -> dict[str, str]:
    """A status that does not exist leaves the list whole."""
    return {
        name: value
        for name, value in query.items()
        if name not in STATUSES or not is_plain(value) or value in STATUSES[name]
    }


@defect("filtering")
@wire.exchange(LIST)
async def a_filter_that_is_no_number_crashes(request: Request, ask: Ask) -> Response:
    """valueDifference=xyz is answered 500."""
    given = request.query.get("valueDifference", "0")
    response = await ask(request)
    if response.status == 200 and is_plain(given) and number_in(given) is None:
        return response.with_json({"error": "Internal Server Error", "message": "crashed"}, 500)
    return response


# --- fields -----------------------------------------------------------------------------------------


@defect("selecting")
@wire.changes_request(LIST)
def fields_are_ignored(request: Request) -> Request:
    """Every member comes, whatever fields says."""
    return request.without("fields")


@defect("selecting")
@wire.query(LIST)
def fields_always_hold_the_id(query: dict[str, str]) -> dict[str, str]:
    """customerId comes though it was not asked for."""
    return with_changed(
        query, "fields", lambda fields: f"customerId,{fields}" if "customerId" not in fields else fields
    )


@defect("selecting")
@wire.query(LIST)
def fields_take_the_first_name_only(query: dict[str, str]) -> dict[str, str]:
    """Of several names the first counts."""
    return with_changed(query, "fields", lambda fields: fields.split(",")[0])


@defect("selecting")
@wire.exchange(LIST)
async def an_unknown_field_is_refused(request: Request, ask: Ask) -> Response:
    """A name that no summary has is answered 400."""
    response = await ask(request)
    unknown = set(request.query.get("fields", "customerId").split(",")) - set(MEMBERS)
    if response.status == 200 and unknown:
        return response.with_json({"error": "Bad Request", "message": "fields: unknown"}, 400)
    return response
