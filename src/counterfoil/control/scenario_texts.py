"""Reads scenarios that requests contain as YAML text, and reports their mistakes by line."""

from __future__ import annotations

from counterfoil.api import ApiError
from counterfoil.plain_text import counted
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import parse_scenario

NAME = "text"
"""The name of such a scenario in the list of worlds."""
MAX_MESSAGE = 300
"""Limit on the characters of one mistake's message, which may quote the text."""


def is_text(scenario: str) -> bool:
    """Whether ``scenario`` is a text and not a name: only a text has several lines."""
    return "\n" in scenario


def read_text(text: str) -> Scenario:
    """The scenario in YAML ``text``. Raises ``ApiError`` (400) with the line of every mistake."""
    try:
        return parse_scenario(NAME, text.encode(), NAME)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise mistakes_in([(line, "not Unicode: a surrogate without its pair")]) from None
    except ScenarioError as error:
        raise mistakes_in(error.mistakes) from None


def mistakes_in(mistakes: tuple[tuple[int, str], ...] | list[tuple[int, str]]) -> ApiError:
    """The error for mistakes in a scenario's text: for each its line, from 1, and what is wrong there."""
    shown = [(line, " ".join(message.split())[:MAX_MESSAGE]) for line, message in mistakes]
    summary = "; ".join(f"line {line}: {message}" for line, message in shown)
    return ApiError(
        "malformed",
        f"the scenario's text has {counted(len(shown), 'mistake')}: {summary}",
        where="scenario",
        detail={"mistakes": [{"line": line, "message": message} for line, message in shown]},
    )
