"""The tools that run ``counterfoil check`` and ``counterfoil infer`` as separate programs, within time limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import anyio

from counterfoil.mcp_server import Settings
from counterfoil.mcp_server.addresses import is_allowed, is_named
from counterfoil.mcp_server.stand_in import CREDENTIALS
from counterfoil.mcp_server.tool import Arguments, Tool, ToolError, one_line

Json = Any

MAX_SECONDS = 300
GRACE = 30
"""Seconds beyond a check's own limit, for starting, finishing requests, and writing the result."""
INFER_SECONDS = 60
MAX_FINDINGS = 10
CHECKED = {
    "api": {
        "type": "string",
        "pattern": "^[a-z0-9][a-z0-9._-]{0,59}$",
        "description": "One of the packaged APIs.",
    },
    "file": {
        "type": "string",
        "minLength": 1,
        "maxLength": 1000,
        "description": "An OpenAPI document below the working directory, in place of api.",
    },
    "url": {
        "type": "string",
        "maxLength": 2000,
        "description": "The implementation's base address; without one, a stand-in is checked.",
    },
    "headers": {
        "type": "array",
        "maxItems": 20,
        "items": {"type": "string", "maxLength": 2000, "pattern": "^[A-Za-z0-9-]{1,60}: [\\t -~]*$"},
        "description": "Sent with each request to the url, as 'Authorization: Bearer TOKEN'.",
    },
    "only": {
        "type": "array",
        "maxItems": 50,
        "items": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$"},
        "description": "Only these laws, or laws whose ids begin with these texts.",
    },
    "known": {
        "type": "object",
        "maxProperties": 50,
        "propertyNames": {"pattern": "^[A-Za-z0-9_.-]{1,100}$"},
        "additionalProperties": {"type": ["string", "integer"], "maxLength": 500},
        "description": "Ids that the API does not list, as {'id': 'cust_00000003'}.",
    },
    "seconds": {"type": "integer", "minimum": 1, "maximum": MAX_SECONDS, "default": 60},
}
CHECKED_WITH_WRITES = {
    "writes": {
        "type": "boolean",
        "default": False,
        "description": "Also create and change resources at the url; the check changes only what it created.",
    }
}
INFERRED = {
    "file": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "A file below the working directory."},
    "why": {
        "type": "string",
        "minLength": 1,
        "maxLength": 500,
        "description": "Explain the decisions about this path or operation.",
    },
}


class Programs:
    """The tools that run in a separate process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._checking = asyncio.Lock()
        self._inferring = asyncio.Semaphore(2)

    def tools(self) -> list[Tool]:
        """Each tool, in the order in which they are listed."""
        return [
            Tool(
                "check_implementation",
                "Check an implementation against its OpenAPI document and laws. Only addresses on this machine, and those "
                "that the user allowed with --allow-url.",
                self.check,
                CHECKED | (CHECKED_WITH_WRITES if self.settings.writes else {}),
                outside=True,
            ),
            Tool(
                "infer_document",
                "Show what a stand-in infers from an OpenAPI document: its collections, and what each operation does.",
                self.infer,
                INFERRED,
                ("file",),
            ),
        ]

    async def infer(self, options: Arguments) -> Json:
        arguments = [
            "infer",
            str(self._file(options["file"])),
            *([f"--why={options['why']}"] if "why" in options else []),
        ]
        async with self._inferring:
            code, out, err = await _run(arguments, INFER_SECONDS, self.settings.folder)
        if code:
            raise ToolError(_refusal(err))
        return out

    async def check(self, options: Arguments) -> Json:
        arguments = self._check_arguments(options)
        if self._checking.locked():
            raise ToolError("a check is running; wait for its result")
        async with self._checking:
            code, out, err = await _run(arguments, options.get("seconds", 60) + GRACE, self.settings.folder)
        try:
            return _summary(json.loads(out))
        except ValueError:
            raise ToolError(_refusal(err) if code else "the check wrote no result") from None

    def _check_arguments(self, options: Arguments) -> list[str]:
        if ("api" in options) == ("file" in options):
            raise ToolError("name one of: api, file")
        arguments = ["check", "--json", "--fast", f"--max-time={options.get('seconds', 60)}"]
        name = options.get("api", "document")
        arguments += [name] if "api" in options else [f"--spec={name}={self._file(options['file'])}"]
        arguments += [f"--only={law}" for law in options.get("only", ())]
        arguments += [f"--known={name}.{parameter}={value}" for parameter, value in options.get("known", {}).items()]
        if "url" not in options:
            if options.get("headers") or options.get("writes"):
                raise ToolError("headers and writes are for a url; without one a stand-in is checked")
            return arguments
        arguments += ["--writes"] if options.get("writes") else []
        return [
            *arguments,
            f"--url={name}={self._url(options['url'])}",
            *(f"--header={header}" for header in self._headers(options)),
        ]

    def _url(self, url: str) -> str:
        try:
            if is_allowed(url, self.settings.urls):
                return url
        except ValueError as error:
            raise ToolError(one_line(str(error))) from None
        allowed = ", ".join(self.settings.urls) or "none"
        raise ToolError(
            f"'{one_line(url, 200)}' is not on this machine, and the user did not allow it (--allow-url); allowed: {allowed}"
        )

    def _headers(self, options: Arguments) -> list[str]:
        headers = list(options.get("headers", ()))
        if is_named(options["url"], self.settings.urls):
            return [*self.settings.headers, *headers]
        if options["url"].startswith(f"{self.settings.origin}/") and not headers:
            return [f"{name}: {value}" for name, value in CREDENTIALS.items()]
        return headers

    def _file(self, name: str) -> Path:
        """A file below the working directory. Raises ``ToolError``."""
        folder = self.settings.folder.resolve()
        try:
            path = (folder / name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            path = None
        if path is None or not path.is_relative_to(folder) or not path.is_file():
            raise ToolError(f"'{one_line(name, 200)}' is not a file below the working directory, {folder}")
        return path


def _summary(verdict: Json) -> Json:
    findings = verdict["findings"]
    names = ("id", "operation", "says", "expected", "got", "requests", "place", "reproduce")
    shown = [{name: finding[name] for name in names if finding.get(name)} for finding in findings[:MAX_FINDINGS]]
    return {
        "verdict": verdict["verdict"],
        "targets": verdict["targets"],
        "totals": {api: result["totals"] for api, result in verdict["apis"].items()},
        "troubles": verdict["troubles"][:MAX_FINDINGS],
        "findings": shown,
        "findings_left_out": len(findings) - len(shown),
        "left_behind": verdict["left_behind"],
    }


async def _run(arguments: list[str], seconds: float, folder: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a counterfoil command. Raises ``ToolError`` when it takes too long."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "counterfoil", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate()
    except TimeoutError:
        raise ToolError(f"it did not end within {seconds:.0f} seconds") from None
    finally:
        _end(process)
        with anyio.CancelScope(shield=True):
            await process.wait()
    return process.returncode or 0, out.decode(errors="replace"), err.decode(errors="replace")


def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the process and those that it started, if it is still running."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _refusal(err: str) -> str:
    """The last line that a command wrote, without the command's name."""
    lines = [line for line in err.splitlines() if line.strip()] or ["it failed without a message"]
    line = lines[-1]
    for opening in ("counterfoil check: ", "counterfoil: ", "Error: "):
        line = line.removeprefix(opening)
    return one_line(line)
