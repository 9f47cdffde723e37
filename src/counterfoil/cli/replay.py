"""``counterfoil replay``: rebuilds a world from its capsule."""

from __future__ import annotations

from pathlib import Path

import click

from counterfoil.cli.common import echo, exit_on_user_error, print_json
from counterfoil.plain_text import counted


@click.command()
@click.argument("capsule", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(capsule: str, as_json: bool) -> None:
    """Rebuild the world in a capsule, command by command, and check that it is the same.

    \b
    Example:
      counterfoil replay .counterfoil/capsules/test_reminder.json
    """
    from counterfoil.lookup import rebuilt
    from counterfoil.world.capsule import digest_of
    from counterfoil.world.commands import write_command

    world = exit_on_user_error(lambda: rebuilt(Path(capsule).read_bytes()))
    commands = [
        {"at": entry.at.isoformat(), **write_command(entry.command)} for entry in world.history[world.scenario_length :]
    ]
    if as_json:
        print_json({"digest": digest_of(world), "now": world.now.isoformat(), "commands": commands})
        return
    echo(f"the same world: scenario {world.scenario.name}, seed {world.seed}, {counted(len(commands), 'command')}")
    for command in commands:
        at, name = command.pop("at"), command.pop("command")
        echo(f"  {at}  {name} {' '.join(f'{member}={value}' for member, value in command.items())}")
    echo(f"it is {world.now.isoformat()}; serve it with: counterfoil serve --capsule {capsule}")
