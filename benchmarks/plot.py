"""Draws the requests per second of each workload as a small SVG, without a plotting library."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from benchmarks.workloads import WORKLOADS

LEFT, WIDTH, ROW, GAP = 230, 760, 17, 34
MINE, REAL, OTHER, BARE = "#0b6e4f", "#3a7ca5", "#9aa5b1", "#d5dbe1"
STATEFUL = ("Mockoon", "json-server", "moto", "localstripe")


def svg(found: dict[str, Any]) -> str:
    """Bars on a logarithmic scale, one group for each workload, minimum and maximum as a thin line, the machine below."""
    groups = [(key, [each for each in scores if "per_second" in each]) for key, scores in found["work"].items()]
    groups = [(key, scores) for key, scores in groups if scores]
    rates = [each["per_second"] for _, scores in groups for each in scores]
    low, high = math.floor(math.log10(min(rates))), math.ceil(math.log10(max(rates)))
    scale = (WIDTH - LEFT - 80) / max(1, high - low)

    def across(rate: float) -> float:
        return LEFT + (math.log10(max(rate, 10**low)) - low) * scale

    lines, y = [], 46
    for key, scores in groups:
        title = next(workload.title for workload in WORKLOADS if workload.key == key)
        lines.append(f'<text x="12" y="{y}" font-weight="bold">({key}) {escape(title)}</text>')
        for each in sorted(scores, key=lambda one: -one["per_second"]):
            y += ROW
            lines.append(_bar(each, y, across))
        y += GAP
    marks = [
        f'<line x1="{across(10**power):.0f}" y1="52" x2="{across(10**power):.0f}" y2="{y - 20}" stroke="#eef1f4"/>'
        f'<text x="{across(10**power):.0f}" y="{y - 6}" text-anchor="middle" fill="#667">{10**power:,}</text>'
        for power in range(low, high + 1)
    ]
    machine = found["machine"]
    about = f"{machine['processor']}; {machine['memory']}; {machine['system']}; Python {machine['python']}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 36}" font-family="sans-serif" font-size="11">',
            f'<rect width="{WIDTH}" height="{y + 36}" fill="white"/>',
            '<text x="12" y="20" font-size="14" font-weight="bold">Requests per second, one process on one core</text>',
            *marks,
            *lines,
            f'<text x="12" y="{y + 10}" fill="#667">Green: counterfoil. Blue: peers that keep state. '
            "Grey: canned or random answers. Light: nothing but a server.</text>",
            f'<text x="12" y="{y + 26}" fill="#667">{escape(about)}</text>',
            "</svg>\n",
        ]
    )


def _bar(each: dict[str, Any], y: int, across: Any) -> str:
    name = each["server"]
    colour = (
        MINE
        if name.startswith("counterfoil")
        else REAL
        if name in STATEFUL
        else BARE
        if name.startswith("bare")
        else OTHER
    )
    end = max(across(each["per_second"]), LEFT + 1)
    return (
        f'<text x="{LEFT - 6}" y="{y}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{LEFT}" y="{y - 10}" width="{end - LEFT:.1f}" height="12" fill="{colour}"/>'
        f'<line x1="{across(each["least"]):.1f}" y1="{y - 4}" x2="{across(each["most"]):.1f}" y2="{y - 4}" stroke="#222"/>'
        f'<text x="{max(end, across(each["most"])) + 5:.1f}" y="{y}">{each["per_second"]:,.0f}</text>'
    )
