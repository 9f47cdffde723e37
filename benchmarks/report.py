"""Writes the results as Markdown: tables with ratios, what each server leaves out, and which aims were reached."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from benchmarks.servers import SERVERS
from benchmarks.workloads import WORKLOADS

Found = dict[str, Any]
ME, ME_LOGGING = "counterfoil", "counterfoil (logging)"
PRISM, PRISM_LOGGING = "Prism static", "Prism static (logging)"
FILTERING = ("Mockoon", "json-server", "moto")
"""Peers that filter or sort what they hold."""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; all columns but the first are aligned right."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", "|---" + "|--:" * (len(names) - 1) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def number(value: float) -> str:
    """Three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def markdown(found: Found) -> str:
    """The whole report."""
    parts = [
        "# Results",
        "Written by `python -m benchmarks`; do not edit. Loopback, one process each, every answer checked before it was timed.",
        "\n".join(f"- {name}: {text}" for name, text in {**found["machine"], "timing": found["timing"]}.items()),
        "![Requests per second](results.svg)",
    ]
    aims = list(reached(found))
    if aims:
        parts += ["## Aims", table(("aim", "wanted", "measured", ""), aims)]
    if rows := list(_beside_prism(rates_of(found))):
        head = ("requests/s", ME, PRISM, "×", "counterfoil, logging", "Prism, logging", "×")
        parts += ["## Compared with Prism", PRISM_NOTE, table(head, rows)]
    parts += [_workload(key, scores) for key, scores in found.get("work", {}).items()]
    if found.get("startup"):
        parts += ["## (h) Process start to first 200", _startup(found["startup"])]
    if found.get("worlds"):
        parts += ["## (i) (j) Worlds", _worlds(found["worlds"])]
    if found.get("growth"):
        parts += ["## (k) Growth, in process, ms", _growth(found["growth"])]
    parts += ["## What each leaves out", table(("server", "leaves out"), _left_out())]
    return "\n\n".join(parts) + "\n"


PRISM_NOTE = """Prism returns canned responses and keeps no state. Both servers run twice: quiet, and as they come, which
writes a log line for each request. Ratios are of medians."""


def rates_of(found: Found) -> dict[str, dict[str, float]]:
    """Requests per second by workload and server."""
    return {
        key: {each["server"]: each["per_second"] for each in scores if "per_second" in each}
        for key, scores in found.get("work", {}).items()
    }


def _beside_prism(rates: dict[str, dict[str, float]]) -> Iterable[tuple[str, ...]]:
    pairs = ((ME, PRISM), (ME_LOGGING, PRISM_LOGGING))
    ratios: dict[str, list[float]] = {mine: [] for mine, _ in pairs}
    for key, rate in rates.items():
        row = [f"({key})"]
        for mine, peer in pairs:
            row += [number(rate[name]) if name in rate else "" for name in (mine, peer)]
            both = mine in rate and peer in rate
            row.append(f"{rate[mine] / rate[peer]:.2f}" if both else "")
            ratios[mine] += [rate[mine] / rate[peer]] if both else []
        if row[3] or row[6]:
            yield tuple(row)
    if any(ratios.values()):
        means = {mine: f"{statistics.geometric_mean(each):.2f}" if each else "" for mine, each in ratios.items()}
        yield ("geometric mean", "", "", means[ME], "", "", means[ME_LOGGING])


def _workload(key: str, scores: list[Found]) -> str:
    title = next(workload.title for workload in WORKLOADS if workload.key == key)
    mine = next((each.get("per_second") for each in scores if each["server"] == ME), None)
    rows, missing = [], []
    for each in scores:
        if "absent" in each:
            missing.append(f"- {each['server']}: {each['absent']}")
            continue
        rows.append(
            (
                each["server"],
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
        "server",
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
    mine = next((each.get("seconds") for each in starts if each["server"] == "counterfoil, all five APIs"), None)
    rows = []
    for each in starts:
        if "absent" in each:
            rows.append((each["server"], each["absent"], "", ""))
            continue
        ratio = f"{mine / each['seconds']:.2f}" if mine else ""
        rows.append((each["server"], f"{each['seconds']:.3f}", f"{each['least']:.3f}–{each['most']:.3f}", ratio))
    return table(("server", "s", "least–most", "counterfoil with all five takes × it"), rows)


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
        (each.name, each.leaves_out or "nothing: authentication, routing, both validations, state") for each in SERVERS
    )


# --- aims ----------------------------------------------------------------------------------------


def reached(found: Found) -> Iterable[tuple[str, str, str, str]]:
    """Each aim that this run measured: name, target, measured value, whether it was reached."""
    for name, wanted, value, more_is_better in _ratios(found):
        if value is None:
            continue
        fine = value >= wanted if more_is_better else value <= wanted
        sign = "≥" if more_is_better else "≤"
        yield name, f"{sign} {number(wanted)}", number(value), "reached" if fine else "**missed**"


def _ratios(found: Found) -> Iterable[tuple[str, float, float | None, bool]]:
    rate = rates_of(found)
    start = {each["server"]: each.get("seconds") for each in found.get("startup", [])}
    size = {each["customers"]: each for each in found.get("growth", []) if "absent" not in each}

    def times(key: str, *peers: str) -> float | None:
        rates = rate.get(key, {})
        there = [rates[peer] for peer in peers if peer in rates]
        return rates[ME] / max(there) if ME in rates and there else None

    def part(mine: str, other: str) -> float | None:
        return start[mine] / start[other] if start.get(mine) and start.get(other) else None

    def grown(customers: int, name: str) -> float | None:
        return size[customers][name]["median"] if customers in size else None

    against = [ratio for key in rate if (ratio := times(key, PRISM)) is not None]
    yield "(e) × Prism static", 3, times("e", PRISM), True
    yield (
        "all workloads, × Prism static, geometric mean",
        2,
        statistics.geometric_mean(against) if against else None,
        True,
    )
    yield "all workloads, × Prism static, least", 1.3, min(against, default=None), True
    yield "(a) distinct, × the fastest that really filters and sorts", 40, times("a-distinct", *FILTERING), True
    five = "counterfoil, all five APIs"
    yield "(h) all five APIs, × Prism's start with one", 0.5, part(five, "Prism static, one API"), False
    yield "(h) all five APIs, × Prism's start with five", 0.5, part(five, "Prism static, all five APIs"), False
    small, large = grown(1_000, "page_warm_ms"), grown(1_000_000, "page_warm_ms")
    yield "(k) warm page at 1,000,000 customers, × at 1,000", 3, large / small if small and large else None, False
    yield "(k) first page after a write at 100,000, ms", 50, grown(100_000, "page_after_write_ms"), False
    yield "(k) first page of bills after a write at 100,000, ms", 50, grown(100_000, "bills_after_write_ms"), False
    yield "(j) 100,000 customers, MB", 1000, size[100_000]["megabytes"] if 100_000 in size else None, False
