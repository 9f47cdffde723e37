"""The reference of the command line, of environment variables and of exit codes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from md import cell, code, fence, page, prose, section, slug, table

from counterfoil import cli
from counterfoil.cli import common
from counterfoil.contract import verdict

SOURCE = Path(cli.__file__).parents[1]

ENVIRONMENT = {
    "COUNTERFOIL_TOKEN": ("check", "The credential for a target given with `--url`, sent as the API's spec says."),
    "COUNTERFOIL_FORBIDDEN": ("check", "A credential without permission, for the laws about 403."),
    "COUNTERFOIL_LOGIN": ("check", "The body of a login as JSON, for APIs that exchange it for a token."),
    "COUNTERFOIL_HEADER_": (
        "check",
        "Set by nothing: curl lines in reports write `$COUNTERFOIL_HEADER_<NAME>` in place of a `--header`'s value.",
    ),
    "COUNTERFOIL_URL_": (
        "contract_tests",
        "`COUNTERFOIL_URL_<API>`: the base URL, where `contract_tests` is given none.",
    ),
    "COUNTERFOIL_STORE": ("serve", "The store, as `--store`: a URL with a password in it is not seen by others here."),
    "COUNTERFOIL_CONTROL_TOKEN": ("serve", "The control API's token, as `--control-token`."),
    "COUNTERFOIL_HANDLER_SECONDS": (
        "serve",
        "How long a function of a `--handlers` file may take to answer; 30 unless set. More while it is debugged.",
    ),
    "COUNTERFOIL_CACHE": (
        "all",
        "The folder for parsed documents and scenarios, and for Hypothesis's files unless `HYPOTHESIS_STORAGE_DIRECTORY` is "
        "set; empty: nothing is kept.",
    ),
}
"""What reads each variable, and what it is. Those of the first three are also read with the API's name at the end."""
PLACE = {"COUNTERFOIL_HEADER_": "<NAME>", "COUNTERFOIL_URL_": "<API>"}
"""What stands for the rest of a variable's name."""
IN_TEXT_ONLY = {
    "COUNTERFOIL_TOKEN_",
    "COUNTERFOIL_TOKEN_ELEVATE",
    "COUNTERFOIL_TOKEN_ORACLE_BRM",
    "COUNTERFOIL_TOKEN_IN_BASE",
    "COUNTERFOIL_TOKEN_IN_URL",
}
OTHERS = [
    (
        "OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER",
        "serve",
        "With `--otlp`, as OpenTelemetry says.",
    ),
    ("HTTPS_PROXY, NO_PROXY", "check", "As usual, for other machines; never for this one."),
    ("SSL_CERT_FILE", "check", "Certificates to trust, as usual."),
    (
        "PGPASSWORD",
        "serve, store",
        "The password for a `postgresql://` store, as for all programs of PostgreSQL; and its others.",
    ),
    ("REDISCLI_AUTH", "serve, store", "The password for a `redis://` store, as for `redis-cli`."),
    ("GITHUB_STEP_SUMMARY", "check", "Set by GitHub Actions: a short summary is added to that file."),
]


def command_line() -> str:
    context = click.Context(cli.main, info_name="counterfoil", max_content_width=110)
    found = list(_commands(cli.main, context))
    overview = table(
        ["command", "what it does"],
        [(f"[`{path}`](#{slug(path)})", _summary(command)) for path, command, _ in found if path != "counterfoil"],
    )
    intro = (
        "Every command with its arguments and options. `counterfoil COMMAND --help` (or `-h`) prints the same, "
        "`counterfoil --version` the version. An option that is called *repeatable* may be given several times."
    )
    return page("Command line", intro, overview, *(_section(*each) for each in found if each[0] != "counterfoil"))


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command, click.Context]]:
    yield context.command_path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, click.Context(below, info_name=name, parent=context))


def _summary(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "").split("\n\n")[0]


def _section(path: str, command: click.Command, context: click.Context) -> str:
    usage = f"{path} {' '.join(command.collect_usage_pieces(context))}"
    options = [each for each in command.params if isinstance(each, click.Option)]
    rows = [(_names(each), _default(each), _help(each, context)) for each in options]
    blocks = list(_blocks(command.help or ""))
    level = 2 if path.count(" ") == 1 else 3
    return section(
        path,
        fence(usage),
        *[each for each in blocks if not each.startswith("<!--")],
        table(["option", "default", "what it does"], rows),
        *[each for each in blocks if each.startswith("<!--")],
        anchor=slug(path),
        level=level,
    )


def _names(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in sorted(option.opts, key=len, reverse=True))
    if option.is_flag:
        return names
    return f"{names} {code(option.metavar or option.type.name.upper().replace('INTEGER RANGE', 'N').replace('FLOAT RANGE', 'N'))}"


def _default(option: click.Option) -> str:
    return code(option.default) if option.show_default and option.default is not None else ""


def _help(option: click.Option, context: click.Context) -> str:
    text = option.help or ""
    kind = option.type
    if isinstance(kind, click.IntRange | click.FloatRange) and kind.min is not None:
        bounds = f"{kind.min:,} to {kind.max:,}" if kind.max is not None else f"above {kind.min}"
        text += f" ({bounds})"
    if option.envvar:
        text += f" Environment: `{option.envvar}`."
    return cell(text)


def _blocks(help_text: str) -> Iterator[str]:
    """The paragraphs of a command's help; those that click prints as they stand become code."""
    for paragraph in inspect.cleandoc(help_text).split("\n\n"):
        kept, _, rest = paragraph.partition("\b\n")
        if not rest:
            yield prose(" ".join(kept.split()))
            continue
        title, *lines = rest.split("\n")
        indented = [line for line in lines if line.startswith("  ")]
        if not indented:
            yield prose(" ".join([title, *lines]))
        elif title.startswith("Example"):
            text = "\n".join(line.removeprefix("  ") for line in indented)
            after = " ".join(line for line in lines if not line.startswith("  "))
            yield fence(text, "sh", why_not_run="an example of --help") + (f"\n\n{prose(after)}" if after else "")
        else:
            yield f"{prose(title)}\n\n{fence(chr(10).join(line.removeprefix('  ') for line in lines))}"


def environment() -> str:
    in_source = {
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r"COUNTERFOIL_[A-Z_]+", path.read_text(encoding="utf-8"))
    }
    unexplained = in_source - ENVIRONMENT.keys() - IN_TEXT_ONLY
    gone = ENVIRONMENT.keys() - in_source
    if unexplained or gone:
        raise SystemExit(f"cli_pages.ENVIRONMENT: say what {sorted(unexplained)} are; the source has no {sorted(gone)}")
    rows = [
        (code(name + (PLACE[name] if name.endswith("_") else "")), reader, text)
        for name, (reader, text) in ENVIRONMENT.items()
    ]
    return page(
        "Environment variables",
        "What counterfoil reads from the environment, and which command reads it.",
        table(["variable", "read by", "what it is"], rows),
        "`COUNTERFOIL_TOKEN`, `COUNTERFOIL_FORBIDDEN` and `COUNTERFOIL_LOGIN` are also read with an API's name at "
        "the end, in upper "
        "case and with `_` for `-`, for that API only: `COUNTERFOIL_TOKEN_ORACLE_BRM`. Credentials are shown "
        "nowhere: curl lines "
        "name the variable instead.",
        section(
            "Of other programs",
            table(
                ["variable", "read by", "what it is"],
                [(", ".join(map(code, names.split(", "))), *rest) for names, *rest in OTHERS],
            ),
        ),
    )


def exit_codes() -> str:
    rows = [
        (verdict.FINE, "Fine. `check`: what was tried holds (FINE, or PARTLY TRIED without `--strict`)."),
        (
            verdict.FINDINGS,
            "There are findings: `check` that no baseline accepts, `specs lint`, `specs coverage`, `specs diff`, "
            "`specs switches`, `scenarios lint`, `store check`.",
        ),
        (verdict.USAGE, "The command, or a file that it names, cannot be used. One line on standard error says why."),
        (
            verdict.COULD_NOT_RUN,
            "It could not run: the target cannot be reached or refuses the credential, nothing was checked, with "
            "`--strict` something was not tried, or the output could not be written.",
        ),
        (cli.INTERRUPTED, "Interrupted (Ctrl-C)."),
        (cli.READER_GONE, "The program that reads the output has ended, as with `head`."),
    ]
    assert common.CONFIGURATION == verdict.USAGE
    assert cli.COULD_NOT_RUN == verdict.COULD_NOT_RUN
    return page(
        "Exit codes",
        "All commands use the same codes. An error outweighs findings, and findings outweigh what was not tried.",
        table(["code", "means"], [(code(number), text) for number, text in rows]),
    )
