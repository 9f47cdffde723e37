"""Reads the scenarios that come in requests as YAML text, and says what is wrong with one, line by line."""

from __future__ import annotations

from counterfoil.api import ApiError
from counterfoil.plain_text import counted
from counterfoil.world.scenario import Scenario, ScenarioError
from counterfoil.world.scenario_loader import parse_scenario

NAME = "text"
"""What such a scenario is called where worlds are listed."""
MAX_MESSAGE = 300
"""How long the message of one mistake is: it may quote the text."""


def is_text(scenario: str) -> bool:
    """Whether it is a scenario's text and not its name: only a text has several lines."""
    return "\n" in scenario


def read_text(text: str) -> Scenario:
    """The scenario in YAML ``text``. Raises ``ApiError`` (400) that has every mistake with its line."""
    try:
        return parse_scenario(NAME, text.encode(), NAME)
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise mistakes_in([(line, "not Unicode: a surrogate without its pair")]) from None
    except ScenarioError as error:
        raise mistakes_in(error.mistakes) from None


def mistakes_in(mistakes: tuple[tuple[int, str], ...] | list[tuple[int, str]]) -> ApiError:
    """The error for mistakes in a scenario's text: each a line, the first of which is 1, and what is wrong there."""
    shown = [(line, " ".join(message.split())[:MAX_MESSAGE]) for line, message in mistakes]
    said = "; ".join(f"line {line}: {message}" for line, message in shown)
    return ApiError(
        "malformed",
        f"the scenario's text has {counted(len(shown), 'mistake')}: {said}",
        where="scenario",
        detail={"mistakes": [{"line": line, "message": message} for line, message in shown]},
    )
