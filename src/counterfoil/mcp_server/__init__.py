"""The MCP server: tools with which a language model uses a stand-in and the checker, over the Model Context Protocol.

The tools call the stand-in over HTTP, as any client does, and run the checker as a separate program. ``server`` is the only
module that imports the ``mcp`` package.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the user allows. ``origin`` is the stand-in's address; files may be read in and below ``folder``.

    ``writes`` offers the tools that change worlds. ``urls`` are addresses that may be checked in addition to loopback
    ones; ``headers`` (``"K: V"``) are sent to these only.
    """

    origin: str
    folder: Path
    writes: bool = False
    urls: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
