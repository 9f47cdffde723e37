"""Defects of the elevate stand-in: pages, sorts, filters, fields, the sums of a summary, who gets in, errors, the next run."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from counterfoil.apis.elevate.selection import Chosen, Order
from counterfoil.server.validation import Body

from counterfoil.api import ApiError, Response
from counterfoil.apis.elevate import api, handlers, selection, serializers, standing
from counterfoil.world.world import World

from . import ways
from .plant import Plant, defects_of
from .ways import replace

LIST = "GET /customer-billing-summaries"
LOGIN = "POST /authenticate"
defect = defects_of("elevate")


def _pages(plant: Plant, change: Any) -> None:
    """``change(page)`` instead of ``page(first, end)``, however the list was made."""
    for kind in (Order, Chosen):
        plant.around(
            kind, "page", lambda page: lambda self, first, end: change(lambda f, e: page(self, f, e), first, end)
        )


def _keys(plant: Plant, change: Any) -> None:
    plant.after(selection, "_sort_keys", lambda keys, *a, **k: tuple(change(keys)))


def _matching(plant: Plant, when: Any, matches: Any) -> None:
    """For filters of which ``when(name, given)``, ``matches(value, given, as_it_was)`` decides."""

    def around(matcher: Any) -> Any:
        def made(name: str, given: str, **options: Any) -> Any:
            test = matcher(name, given, **options)
            return (lambda value: matches(value, given, test)) if when(name, given) else test

        return made

    plant.around(selection, "_matcher", around)


def _is_plain(given: str) -> bool:
    return not given.startswith(("in:", "like:"))


def _given(plant: Plant, change: Any) -> None:
    """Filters are ``change(name, text)`` before they are read."""

    def around(read: Any) -> Any:
        return lambda query, switches: read(
            {n: change(n, v) if n in selection.FILTERS else v for n, v in query.items()}, switches
        )

    plant.around(selection, "read", around)


# --- pages ---------------------------------------------------------------------------------------


@defect("paging")
def page_off_by_one(plant: Plant) -> None:
    """Page 1 is taken for the second page."""
    _pages(
        plant, lambda page, first, end: page(first, end) if first == 0 and end >= 1000 else page(end, 2 * end - first)
    )


@defect("paging")
def later_pages_skip_an_item(plant: Plant) -> None:
    """Every page past the first begins one item late."""
    _pages(plant, lambda page, first, end: page(first + (first > 0), end))


@defect("paging")
def later_pages_repeat_an_item(plant: Plant) -> None:
    """Every page past the first begins with the last item of the page before."""
    _pages(plant, lambda page, first, end: page(first - (first > 0), end))


@defect("paging")
def page_has_one_too_many(plant: Plant) -> None:
    """A page holds one item more than asked for."""
    _pages(plant, lambda page, first, end: page(first, end + 1))


@defect("paging")
def last_page_is_dropped_unless_full(plant: Plant) -> None:
    """A last page that is not full comes back empty."""

    def paged(page: Any, first: int, end: int) -> Any:
        found = page(first, end)
        return found if first == 0 or len(found) == end - first else []

    _pages(plant, paged)


@defect("paging")
def past_the_end_starts_again(plant: Plant) -> None:
    """A page past the end holds the first page again."""
    _pages(plant, lambda page, first, end: page(first, end) or page(0, end - first))


@defect("paging")
def past_the_end_is_an_error(plant: Plant) -> None:
    """A page past the end is answered 404."""

    def paged(answer: Response, request: Any, world: World) -> Response:
        if not answer.body and request.query["page"] > 1:
            raise ApiError("unknown_resource", "there is no such page")
        return answer

    ways.answers(plant, api, LIST, paged)


@defect("paging")
def pages_of_a_filtered_list_are_cut_before_filtering(plant: Plant) -> None:
    """Under a filter, a page is cut out of the whole list first and filtered then."""

    def around(select: Any) -> Any:
        def selected(world: Any, wanted: Any, seen_by: Any) -> Any:
            if not wanted.filters:
                return select(world, wanted, seen_by)
            whole = select(world, replace(wanted, filters=()), seen_by).page(0, 10**6)
            fitting = set(select(world, wanted, seen_by).page(0, 10**6))

            class Cut:
                def page(self, first: int, end: int) -> list[int]:
                    return [number for number in whole[first:end] if number in fitting]

            return Cut()

        return selected

    plant.around(selection, "select", around)


@defect("paging")
def pages_are_sorted_each_for_itself(plant: Plant) -> None:
    """A page is cut out of the unsorted list and sorted then."""

    def around(select: Any) -> Any:
        def selected(world: Any, wanted: Any, seen_by: Any) -> Any:
            in_order = select(world, wanted, seen_by).page(0, 10**6)
            plain = select(world, replace(wanted, keys=()), seen_by)

            class Sorted:
                def page(self, first: int, end: int) -> list[int]:
                    cut = set(plain.page(first, end))
                    return [number for number in in_order if number in cut]

            return Sorted()

        return selected

    plant.around(selection, "select", around)


@defect("errors")
def page_zero_is_the_first(plant: Plant) -> None:
    """page=0 is taken for page 1."""
    ways.reads(plant, ("page",), lambda texts, read: read(["1" if texts == ["0"] else texts[0]]))


@defect("errors")
def a_missing_page_is_the_first(plant: Plant) -> None:
    """A request without page is answered with page 1."""
    ways.assumes(plant, "page", "1")


@defect("errors")
def a_large_page_is_cut_silently(plant: Plant) -> None:
    """pageSize=1001 is taken for 1000."""
    ways.reads(plant, ("pageSize",), lambda texts, read: read(["1000" if texts == ["1001"] else texts[0]]))


@defect("errors")
def a_refused_parameter_is_not_named(plant: Plant) -> None:
    """The error body does not say which parameter was wrong."""
    plant.put(serializers, "_message", lambda refusal: "Validation failed")


# --- sorts ---------------------------------------------------------------------------------------


@defect("sorting")
def sort_ignores_desc(plant: Plant) -> None:
    """``:desc`` is read and forgotten."""
    _keys(plant, lambda keys: [(name, False) for name, _ in keys])


@defect("sorting")
def sort_is_always_falling(plant: Plant) -> None:
    """Every sort falls, asked for or not."""
    _keys(plant, lambda keys: [(name, True) for name, _ in keys])


@defect("sorting")
def sort_ignores_further_keys(plant: Plant) -> None:
    """Only on ties: the second key decides nothing."""
    _keys(plant, lambda keys: keys[:1])


@defect("sorting")
def desc_of_one_key_turns_all(plant: Plant) -> None:
    """With one falling key, the others fall too."""
    _keys(plant, lambda keys: [(name, any(falls for _, falls in keys)) for name, _ in keys])


@defect("sorting")
def numbers_sort_as_text(plant: Plant) -> None:
    """Amounts sort as texts: 9 after 10."""
    plant.put(selection, "_sortable", lambda value: (value is not None, str(value)))


@defect("sorting")
def sort_goes_by_magnitude(plant: Plant) -> None:
    """Only for negative values: sorting passes over the sign."""
    plant.put(selection, "_sortable", lambda value: (True, abs(value) if isinstance(value, Decimal) else value))


@defect("sorting")
def sort_by_difference_sorts_by_percentage(plant: Plant) -> None:
    """A sort by valueDifference sorts by percentageDifference."""
    other = {"valueDifference": "percentageDifference"}
    _keys(plant, lambda keys: [(other.get(name, name), falls) for name, falls in keys])


@defect("sorting", scenario="multi-currency")
def default_order_is_by_value(plant: Plant) -> None:
    """Without a sort the list comes by open value."""
    _keys(plant, lambda keys: keys or [("openBillRunValue", False)])


@defect("sorting")
def falling_order_is_shifted(plant: Plant) -> None:
    """A falling order has its first item last."""
    plant.around(
        selection,
        "_grouped",
        lambda grouped: (
            lambda places, table, keys: (
                (found := grouped(places, table, keys))[1:] + found[:1]
                if any(falls for _, falls in keys)
                else grouped(places, table, keys)
            )
        ),
    )


@defect("errors")
def unknown_sort_is_ignored(plant: Plant) -> None:
    """A sort by a field that there is not is passed over."""
    plant.around(selection, "_sort_keys", lambda keys: lambda given, *, refuse: keys(given, refuse=False))


# --- filters -------------------------------------------------------------------------------------


@defect("filtering")
def billing_status_filter_is_ignored(plant: Plant) -> None:
    """billingStatus filters nothing."""
    _matching(plant, lambda name, given: name == "billingStatus" and _is_plain(given), lambda *_: True)


@defect("filtering")
def rating_status_filter_finds_complete_only(plant: Plant) -> None:
    """ratingStatus=INCOMPLETE finds nothing."""
    _matching(plant, lambda name, given: name == "ratingStatus" and given == "INCOMPLETE", lambda *_: False)


@defect("filtering")
def customer_filter_is_a_prefix(plant: Plant) -> None:
    """customerId=1 finds 10 to 19, too."""

    def around(named: Any) -> Any:
        def starting(world: Any, given: str | None, seen_by: Any) -> Any:
            everyone = named(world, None, seen_by) or range(1, world.ledger.customers + 1)
            if given is None or not _is_plain(given):
                return named(world, given, seen_by)
            return [number for number in everyone if str(number).startswith(given)]

        return starting

    plant.around(selection, "_named", around)


@defect("filtering")
def difference_compares_as_text(plant: Plant) -> None:
    """valueDifference=5.0 does not find 5."""
    _matching(
        plant,
        lambda name, given: name == "valueDifference" and _is_plain(given),
        lambda value, given, test: serializers.text(value) == given,
    )


@defect("filtering")
def percentage_compares_as_text(plant: Plant) -> None:
    """percentageDifference=50.0 does not find 50."""
    _matching(
        plant,
        lambda name, given: name == "percentageDifference" and _is_plain(given),
        lambda value, given, test: serializers.text(value) == given,
    )


@defect("filtering")
def difference_filter_ignores_the_sign(plant: Plant) -> None:
    """Only for negative differences: valueDifference=5 finds -5, too."""
    _matching(
        plant,
        lambda name, given: name == "valueDifference" and _is_plain(given),
        lambda value, given, test: test(value) or test(-value),
    )


@defect("filtering")
def percentage_filter_finds_no_negative(plant: Plant) -> None:
    """Only for negative percentages: they are never found."""
    _matching(
        plant,
        lambda name, given: name == "percentageDifference" and _is_plain(given),
        lambda value, given, test: value >= 0 and test(value),
    )


@defect("filtering")
def in_takes_the_first_value_only(plant: Plant) -> None:
    """``in:a,b`` finds a."""
    plant.after(selection, "_literals", lambda found, given: found[:1])


@defect("filtering")
def in_forgets_a_third_value(plant: Plant) -> None:
    """``in:a,b,c`` finds a and b."""
    plant.after(selection, "_literals", lambda found, given: found[:2])


@defect("filtering")
def in_of_customers_is_a_range(plant: Plant) -> None:
    """customerId=in:2,5 finds 2 to 5."""

    def between(given: str) -> str:
        numbers = [int(part) for part in given[3:].split(",") if part.isdecimal()]
        return "in:" + ",".join(map(str, range(min(numbers), max(numbers) + 1))) if numbers else given

    _given(plant, lambda name, given: between(given) if name == "customerId" and given.startswith("in:") else given)


@defect("filtering")
def in_of_ratings_is_everything(plant: Plant) -> None:
    """ratingStatus=in:… with one value finds every customer."""
    _matching(plant, lambda name, given: name == "ratingStatus" and given.startswith("in:"), lambda *_: True)


@defect("filtering")
def in_of_differences_finds_nothing(plant: Plant) -> None:
    """valueDifference=in:… is not understood and finds nothing."""
    _matching(plant, lambda name, given: name == "valueDifference" and given.startswith("in:"), lambda *_: False)


@defect("filtering")
def like_is_case_sensitive(plant: Plant) -> None:
    """``like:act`` does not find ACTIVE."""
    plant.around(
        selection, "_matcher", lambda old: lambda name, given, case_matters: old(name, given, case_matters=True)
    )


@defect("filtering")
def like_is_a_prefix(plant: Plant) -> None:
    """``like:x`` finds what begins with x."""
    _matching(
        plant,
        lambda name, given: given.startswith("like:"),
        lambda value, given, test: serializers.text(value).lower().startswith(given[5:].lower()),
    )


@defect("filtering")
def like_of_customers_is_exact(plant: Plant) -> None:
    """customerId=like:1 finds customer 1 alone."""
    _given(plant, lambda name, given: given.removeprefix("like:") if name == "customerId" else given)


@defect("filtering")
def like_of_ratings_takes_in_for_nothing(plant: Plant) -> None:
    """ratingStatus=like:complete does not find INCOMPLETE."""
    _matching(
        plant,
        lambda name, given: name == "ratingStatus" and given.startswith("like:"),
        lambda value, given, test: test(value) and value != "INCOMPLETE",
    )


@defect("filtering")
def only_the_last_filter_counts(plant: Plant) -> None:
    """Only under a second filter: the first is forgotten."""
    plant.after(selection, "read", lambda wanted, *_: replace(wanted, filters=wanted.filters[-1:]))


@defect("filtering")
def customer_filter_beats_the_others(plant: Plant) -> None:
    """Only under a second filter: with a customerId the others are not looked at."""
    plant.after(
        selection,
        "read",
        lambda wanted, *_: replace(
            wanted, filters=tuple(f for f in wanted.filters if f[0] == "customerId") or wanted.filters
        ),
    )


@defect("filtering")
def an_unknown_status_filters_nothing(plant: Plant) -> None:
    """A status that is none leaves the list whole."""
    _matching(
        plant,
        lambda name, given: (
            name in serializers.STATUSES and _is_plain(given) and given not in serializers.STATUSES[name]
        ),
        lambda *_: True,
    )


@defect("filtering")
def a_filter_that_is_no_number_crashes(plant: Plant) -> None:
    """valueDifference=xyz is answered 500."""
    _matching(
        plant,
        lambda name, given: name == "valueDifference" and _is_plain(given),
        lambda value, given, test: value == Decimal(given),
    )


# --- fields --------------------------------------------------------------------------------------


@defect("selecting")
def fields_are_ignored(plant: Plant) -> None:
    """Every member comes, whatever fields says."""
    plant.put(selection, "_fields", lambda given, *, refuse: None)


@defect("selecting")
def fields_always_hold_the_id(plant: Plant) -> None:
    """customerId comes though it was not asked for."""
    plant.after(
        selection,
        "_fields",
        lambda names, *_, **__: names if names is None else tuple(dict.fromkeys(("customerId", *names))),
    )


@defect("selecting")
def fields_take_the_first_name_only(plant: Plant) -> None:
    """Of several names the first counts."""
    plant.after(selection, "_fields", lambda names, *_, **__: names and names[:1])


@defect("selecting")
def an_unknown_field_is_refused(plant: Plant) -> None:
    """A name that no summary has is answered 400."""
    plant.around(selection, "_fields", lambda fields: lambda given, *, refuse: fields(given, refuse=True))


# --- one summary ---------------------------------------------------------------------------------


@defect("identity")
def the_last_customer_comes_twice(plant: Plant) -> None:
    """The list ends with its last item again."""
    ways.lists(plant, api, LIST, lambda items: items + items[-1:])


@defect("identity")
def customer_id_is_text(plant: Plant) -> None:
    """customerId is a string."""
    ways.each_item(
        plant,
        api,
        LIST,
        lambda item: {**item, "customerId": str(item["customerId"])} if "customerId" in item else item,
    )


@defect("enums")
def ceased_is_called_terminated(plant: Plant) -> None:
    """A billing status that the document does not know."""
    plant.after(standing, "_status", lambda status, *_, **__: "TERMINATED" if status == "CEASED" else status)


@defect("enums")
def incomplete_is_called_partial(plant: Plant) -> None:
    """A rating status that the document does not know."""
    plant.after(
        selection,
        "summary",
        lambda row, *_: {**row, "ratingStatus": "COMPLETE" if row["ratingStatus"] == "COMPLETE" else "PARTIAL"},
    )


@defect("arithmetic")
def difference_is_the_wrong_way_round(plant: Plant) -> None:
    """valueDifference is previous less open."""
    plant.after(standing.Standing, "difference", lambda value, _: -value)


@defect("arithmetic")
def difference_is_never_negative(plant: Plant) -> None:
    """Only for negative differences: the sign is lost."""
    plant.after(selection, "summary", lambda row, *_: {**row, "valueDifference": abs(row["valueDifference"])})


@defect("arithmetic")
def difference_is_rounded_to_whole_units(plant: Plant) -> None:
    """valueDifference has no cents."""
    plant.after(
        selection, "summary", lambda row, *_: {**row, "valueDifference": Decimal(round(row["valueDifference"]))}
    )


@defect("arithmetic", scenario="late-payer")
def percentage_is_of_the_open_value(plant: Plant) -> None:
    """percentageDifference is a share of the open value."""

    def share(value: Decimal | None, of: Any) -> Decimal | None:
        return value if value is None or not of.open_value else round(of.difference * 100 / of.open_value, 2)

    plant.after(standing.Standing, "percentage", share)


@defect("arithmetic")
def percentage_is_a_fraction(plant: Plant) -> None:
    """percentageDifference is 0.5 where it should be 50."""
    plant.after(standing.Standing, "percentage", lambda value, _: value and value / 100)


@defect("arithmetic")
def percentage_stops_at_minus_fifty(plant: Plant) -> None:
    """Only for negative percentages: none is below -50."""
    plant.after(standing.Standing, "percentage", lambda value, _: value and max(value, Decimal(-50)))


@defect("arithmetic")
def percentage_without_base_is_a_hundred(plant: Plant) -> None:
    """A customer with nothing in the previous run is up by 100 %."""
    plant.after(standing.Standing, "percentage", lambda value, _: Decimal(100) if value is None else value)


@defect("agreement")
def billed_customers_are_never_billed(plant: Plant) -> None:
    """A customer with one invoice counts as never billed."""
    plant.after(standing, "_status", lambda status, *_, **__: "NEVER_BILLED" if status == "FIRST_INVOICE" else status)


@defect("lifecycle")
def previous_is_the_first_run(plant: Plant) -> None:
    """The previous value stays that of the very first run, however many complete."""
    plant.around(standing, "_newest_complete", lambda newest: lambda runs: newest(list(runs)[:1]))


@defect("lifecycle")
def previous_value_holds_the_tax(plant: Plant) -> None:
    """What was open without tax becomes the previous value with it."""
    plant.around(standing, "_previous_value", lambda value: lambda book, terms: value(book, replace(terms, gross=True)))


@defect("reading")
def reading_turns_the_list_round(plant: Plant) -> None:
    """Every second answer comes backwards."""
    count = [0]

    def turned(items: list[Any]) -> list[Any]:
        count[0] += 1
        return items[::-1] if count[0] % 2 else items

    ways.lists(plant, api, LIST, turned)


# --- who gets in ---------------------------------------------------------------------------------


@defect("auth")
def anybody_may_read(plant: Plant) -> None:
    """A request without a credential is answered."""
    ways.lets_in(plant, api, ways.without_credential)


@defect("auth")
def any_token_will_do(plant: Plant) -> None:
    """A token that nobody issued is taken."""
    ways.lets_in(plant, api, ways.with_wrong_one)


@defect("auth")
def the_forbidden_may(plant: Plant) -> None:
    """A user without permission is answered."""
    ways.lets_in(plant, api, ways.forbidden)


@defect("auth")
def forbidden_is_unauthorized(plant: Plant) -> None:
    """A user without permission gets 401."""
    ways.refuses_as(plant, "forbidden", 401)


@defect("auth")
def a_fetched_token_is_cut(plant: Plant) -> None:
    """The token that the login hands out is not the one it issued."""
    ways.body_of(plant, api, LOGIN, lambda body: {"token": body["token"][:-1]})


@defect("auth")
def a_wrong_password_gets_a_token(plant: Plant) -> None:
    """Login does not look at the password."""
    plant.around(
        handlers,
        "_permitted",
        lambda old: (
            lambda key, world, *, unknown, forbidden: old(
                "counterfoil-key" if unknown == "Unknown credentials" else key,
                world,
                unknown=unknown,
                forbidden=forbidden,
            )
        ),
    )


@defect("auth")
def token_never_expires(plant: Plant) -> None:
    """A token is good for ever."""
    plant.put(handlers, "TOKEN_MINUTES", 60 * 24 * 365)


@defect("auth")
def token_expires_a_minute_early(plant: Plant) -> None:
    """Only the last minute of a token: it is good for 14."""
    plant.put(handlers, "TOKEN_MINUTES", 14)


@defect("auth")
def token_works_at_the_instant_it_ends(plant: Plant) -> None:
    """Only at the boundary instant: the token is still good."""
    ways.works_when_it_ends(plant, api)


# --- other errors --------------------------------------------------------------------------------


@defect("errors")
def half_a_login_is_unauthorized(plant: Plant) -> None:
    """A login without a password gets 401."""

    def around(check: Any) -> Any:
        def checked(self: Any, payload: bytes, kind: str) -> Any:
            try:
                return check(self, payload, kind)
            except ApiError:
                raise ApiError("unauthenticated", "Unknown credentials") from None

        return checked

    plant.around(Body, "check", around)


@defect("errors")
def a_wrong_method_is_not_found(plant: Plant) -> None:
    """DELETE gets 404."""
    ways.refuses_as(plant, "method_not_allowed", 404)


@defect("errors")
def accept_is_ignored(plant: Plant) -> None:
    """A caller who wants XML gets JSON."""
    ways.any_accept(plant)


@defect("errors")
def a_form_is_read_as_json(plant: Plant) -> None:
    """The body's media type is not looked at."""
    ways.any_media_type(plant)


@defect("errors")
def errors_have_no_message(plant: Plant) -> None:
    """The error body lacks its message."""
    ways.error_says(plant, api, lambda answer, refusal: replace(answer, body={"error": answer.body["error"]}))


@defect("errors")
def unauthorized_has_no_body(plant: Plant) -> None:
    """A 401 comes without an error body."""
    ways.error_says(plant, api, lambda answer, refusal: replace(answer, body=None) if answer.status == 401 else answer)
