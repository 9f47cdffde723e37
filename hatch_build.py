"""Build hook: puts each spec's parsed form beside it in the wheel, so that a server need not read YAML when it starts."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ParsedSpecs(BuildHookInterface[Any]):
    """Adds ``openapi.json`` for every ``specs/*/openapi.yaml``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root) / "src"))
        from counterfoil.openapi import write_parsed

        self._folder = tempfile.mkdtemp()
        for source in sorted((Path(self.root) / "specs").glob("*/openapi.yaml")):
            api = source.parent.name
            copy = Path(self._folder) / api / source.name
            copy.parent.mkdir()
            shutil.copy(source, copy)
            build_data["force_include"][str(write_parsed(copy))] = f"counterfoil/_data/specs/{api}/openapi.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(getattr(self, "_folder", ""), ignore_errors=True)
