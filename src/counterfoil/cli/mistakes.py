"""Formats a usage error as one line: the command, the option, what is wrong, and how to get help."""

from __future__ import annotations

import click


def one_line(error: click.ClickException) -> str:
    """The line for a click error: ``counterfoil serve: --port: 'x' is not a whole number … (see …)``."""
    context = getattr(error, "ctx", None)
    names = context.command_path.split()[1:] if context else ()  # the first is how the program was started
    command = " ".join(("counterfoil", *names))
    return f"{command}: {' '.join(_message(error).split()).rstrip('.')} (see {command} --help)"


def _message(error: click.ClickException) -> str:
    if isinstance(error, click.MissingParameter):
        return f"{_where(error)} is missing"
    if isinstance(error, click.BadParameter):
        kind = error.param.type if error.param is not None else None
        number = _NUMBERS.get(type(kind))
        message = error.message
        if number is not None and " is not " in message:
            message = f"{message.split(' is not ')[0]} is not {number}{_bounds(kind)}"
        return f"{_where(error)}: {message}"
    message = error.format_message()
    return message[:1].lower() + message[1:]


_NUMBERS = {
    type(click.INT): "a whole number",
    type(click.FLOAT): "a number",
    click.IntRange: "a whole number",
    click.FloatRange: "a number",
}
"""Plain words for what click calls "a valid integer range"."""


def _where(error: click.BadParameter) -> str:
    """The option or argument, as written on the command line."""
    hint, param = error.param_hint, error.param
    if hint or param is None:
        return hint if isinstance(hint, str) else ", ".join(hint or ("a parameter",))
    if isinstance(param, click.Argument):
        return (param.metavar or param.human_readable_name).strip("[].")
    return max(param.opts, key=len)


def _bounds(kind: object) -> str:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None and most is None:
        return ""
    if most is None:
        return f" above {least:,}" if getattr(kind, "min_open", False) else f" of at least {least:,}"
    return f" from {least} to {most}"
