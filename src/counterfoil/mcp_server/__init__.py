"""The MCP server: tools with which a language model's client uses a stand-in, and the checker, over the Model Context Protocol.

The tools call the stand-in over HTTP, as any client does, and the checker as a program of its own. ``server`` is the only
module that imports the ``mcp`` package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the user allows. ``origin`` is the stand-in's address, ``folder`` the one below which files may be read.

    ``writes`` offers the tools that change worlds. ``urls`` are addresses that a check may be sent to besides loopback ones;
    ``headers`` (``"K: V"``) go to these only.
    """

    origin: str
    folder: Path
    writes: bool = False
    urls: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
