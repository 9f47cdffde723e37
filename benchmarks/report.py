"""Turns what was measured into Markdown: tables with ratios, what each left out, and which aims were reached."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.peers import CONTENDERS
from benchmarks.work import WORKS

Found = dict[str, Any]
ME = "counterfoil"
GRANIAN = "counterfoil under granian"
LOGGING = "Prism static (logging)"
REALLY = ("Mockoon", "json-server", "moto")
"""Peers that filter or sort what they hold."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; all columns but the first are numbers or short words, to the right."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", "|---" + "|--:" * (len(names) - 1) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def markdown(found: Found) -> str:
    """The whole report."""
    parts = [
        "# Results",
        "Written by `python -m benchmarks`; do not edit. Loopback, one process each, every answer checked before it was timed.",
        "\n".join(f"- {name}: {text}" for name, text in {**found["machine"], "pace": found["pace"]}.items()),
        "![Requests per second](results.svg)",
    ]
    aims = list(reached(found))
    if aims:
        parts += ["## Aims", table(("aim", "wanted", "measured", ""), aims)]
    parts += [_work(key, scores) for key, scores in found.get("work", {}).items()]
    if found.get("startup"):
        parts += ["## (h) Process start to first 200", _startup(found["startup"])]
    if found.get("worlds"):
        parts += ["## (i) (j) Worlds", _worlds(found["worlds"])]
    if found.get("growth"):
        parts += ["## (k) Growth, in process, ms", _growth(found["growth"])]
    parts += ["## What each leaves out", table(("contender", "leaves out"), _left_out())]
    return "\n\n".join(parts) + "\n"


def _work(key: str, scores: list[Found]) -> str:
    title = next(work.title for work in WORKS if work.key == key)
    mine = next((each.get("per_second") for each in scores if each["contender"] == ME), None)
    rows, missing = [], []
    for each in scores:
        if "absent" in each:
            missing.append(f"- {each['contender']}: {each['absent']}")
            continue
        rows.append(
            (
                each["contender"],
                number(each["per_second"]),
                f"{number(each['least'])}–{number(each['most'])}",
                f"{each['p50_ms']:.2f}",
                f"{each['p99_ms']:.2f}",
                f"{each['megabytes']:.0f}",
                f"{mine / each['per_second']:.2f}" if mine else "",
                f"{each['checked']:,}",
            )
        )
    head = (
        "contender",
        "requests/s",
        "least–most",
        "p50 ms",
        "p99 ms",
        "MB",
        "counterfoil is × it",
        "requests checked",
    )
    text = f"## ({key}) {title}\n\n{table(head, rows)}"
    return text + ("\n\nNot measured:\n\n" + "\n".join(missing) if missing else "")


def _startup(starts: list[Found]) -> str:
    mine = next((each.get("seconds") for each in starts if each["contender"] == "counterfoil, all five APIs"), None)
    rows = []
    for each in starts:
        if "absent" in each:
            rows.append((each["contender"], each["absent"], "", ""))
            continue
        ratio = f"{mine / each['seconds']:.2f}" if mine else ""
        rows.append((each["contender"], f"{each['seconds']:.3f}", f"{each['least']:.3f}–{each['most']:.3f}", ratio))
    return table(("contender", "s", "least–most", "counterfoil with all five takes × it"), rows)


def _spread(values: dict[str, float], unit: float = 1.0) -> str:
    median, least, most = (values[name] * unit for name in ("median", "least", "most"))
    return f"{number(median)} ({number(least)}–{number(most)})"


def _worlds(worlds: list[Found]) -> str:
    head = (
        "customers",
        "first world ms",
        "fork µs",
        "create µs",
        "reset µs",
        "bytes/customer",
        "kB/world",
        "kB/world after a write",
    )
    rows = [
        (
            f"{each['customers']:,}",
            number(each["first_ms"]),
            _spread(each["fork_ms"], 1e3),
            _spread(each["create_ms"], 1e3),
            _spread(each["reset_ms"], 1e3),
            number(each["bytes_per_customer"]),
            number(each["bytes_per_world"] / 1e3),
            number(each["bytes_per_written_world"] / 1e3),
        )
        for each in worlds
        if "absent" not in each
    ]
    return table(head, rows)


def _growth(sizes: list[Found]) -> str:
    measures = {
        "page_warm_ms": "page of 100 summaries, warm",
        "page_new_selection_ms": "… by a new filter or sort",
        "page_after_run_ms": "… the first after a run was made",
        "page_after_write_ms": "… the first after a customer was charged",
        "bills_warm_ms": "page of 100 bills, warm",
        "bills_new_selection_ms": "… by new comparators",
        "bills_after_run_ms": "… the first after a run was made",
        "bills_after_write_ms": "… the first after a customer was charged",
        "fork_ms": "fork",
        "reset_ms": "reset",
    }
    fine = [each for each in sizes if "absent" not in each]
    rows = [(text, *(_spread(each[name]) for each in fine)) for name, text in measures.items()]
    rows.append(("start-up, s", *(number(each["built_s"]) for each in fine)))
    rows.append(("memory after all this, MB", *(number(each["megabytes"]) for each in fine)))
    absent = "".join(f"\n\n{each['customers']:,} customers: {each['absent']}" for each in sizes if "absent" in each)
    return table(("customers", *(f"{each['customers']:,}" for each in fine)), rows) + absent


def _left_out() -> Iterable[tuple[str, str]]:
    return (
        (each.name, each.leaves_out or "nothing: authentication, routing, both validations, state")
        for each in CONTENDERS
    )


# --- aims ----------------------------------------------------------------------------------------


def reached(found: Found) -> Iterable[tuple[str, str, str, str]]:
    """Each aim of issue 5 that this run can tell about: what, wanted, measured, whether."""
    for name, wanted, value, more_is_better in _ratios(found):
        if value is None:
            continue
        fine = value >= wanted if more_is_better else value <= wanted
        sign = "≥" if more_is_better else "≤"
        yield name, f"{sign} {number(wanted)}", number(value), "reached" if fine else "**missed**"


def _ratios(found: Found) -> Iterable[tuple[str, float, float | None, bool]]:
    rate = {
        key: {each["contender"]: each["per_second"] for each in scores if "per_second" in each}
        for key, scores in found.get("work", {}).items()
    }
    start = {each["contender"]: each.get("seconds") for each in found.get("startup", [])}
    size = {each["customers"]: each for each in found.get("growth", []) if "absent" not in each}

    def times(key: str, *peers: str, mine: str = ME) -> float | None:
        rates = rate.get(key, {})
        there = [rates[peer] for peer in peers if peer in rates]
        return rates[mine] / max(there) if mine in rates and there else None

    def part(mine: str, other: str) -> float | None:
        return start[mine] / start[other] if start.get(mine) and start.get(other) else None

    def grown(customers: int, name: str) -> float | None:
        return size[customers][name]["median"] if customers in size else None

    yield "(a) distinct, × Prism static", 3, times("a-distinct", "Prism static"), True
    yield "(a) distinct, under granian, × Prism static", 3, times("a-distinct", "Prism static", mine=GRANIAN), True
    yield "(a) distinct, × Prism static, logging as it comes", 3, times("a-distinct", LOGGING), True
    yield "(a) walking pages, × Prism static", 3, times("a-walk", "Prism static"), True
    yield "(a) distinct, × the fastest that really filters and sorts", 20, times("a-distinct", *REALLY), True
    yield "(e) × Prism static", 3, times("e", "Prism static"), True
    yield "(e) × Prism static, logging as it comes", 3, times("e", LOGGING), True
    yield "(e) × bare Starlette", 0.5, times("e", "bare Starlette"), True
    yield "(f) × Prism static", 2, times("f", "Prism static"), True
    yield "(f) × Prism static, logging as it comes", 2, times("f", LOGGING), True
    prism, five, one = "Prism static, one API", "counterfoil, all five APIs", "counterfoil, one API"
    yield "(h) all five APIs, × Prism's start with one", 0.35, part(five, prism), False
    yield "(h) all five APIs, × Prism's start with five", 0.35, part(five, "Prism static, all five APIs"), False
    yield "(h) one API, × Prism's start with one", 0.25, part(one, prism), False
    yield "(h) all five APIs, × bare Starlette's start", 2, part(five, "bare Starlette"), False
    small, large = grown(1_000, "page_warm_ms"), grown(1_000_000, "page_warm_ms")
    yield "(k) warm page at 1,000,000 customers, × at 1,000", 3, large / small if small and large else None, False
    yield "(k) first page after a write at 100,000, ms", 50, grown(100_000, "page_after_write_ms"), False
    yield "(k) first page of bills after a write at 100,000, ms", 50, grown(100_000, "bills_after_write_ms"), False
    yield "(j) 100,000 customers, MB", 1000, size[100_000]["megabytes"] if 100_000 in size else None, False
