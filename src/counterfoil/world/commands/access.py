"""Commands about switches, access tokens and logins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from counterfoil.world.commands.command import Command, Text

if TYPE_CHECKING:
    from counterfoil.world.state import WorldState


class SetSwitch(Command, frozen=True, kw_only=True, tag="set_switch"):
    """Set a switch; ``counterfoil specs show API`` lists them."""

    name: Text
    value: bool | int | str

    def apply(self, world: WorldState) -> Any:
        world.switches = world.switches.with_value(self.name, self.value)
        return world.switches[self.name]


class IssueToken(Command, frozen=True, kw_only=True, tag="issue_token"):
    """Issue an access token of an API for a credential; it expires by the world's clock."""

    api: Text
    key: Text
    minutes: Annotated[int, Meta(ge=1, le=10**6)]

    def apply(self, world: WorldState) -> Any:
        life = timedelta(minutes=self.minutes)
        token, world.tokens = world.tokens.issue(self.api, self.key, world.now, life, world.seed)
        return token


class NoteLogin(Command, frozen=True, kw_only=True, tag="note_login"):
    """Record that a login at an API failed, or that it succeeded, which clears earlier failures."""

    api: Text
    succeeded: bool

    def apply(self, world: WorldState) -> int:
        failed, world.tokens = world.tokens.note_login(self.api, self.succeeded, world.now)
        return failed
