"""The start-up banner of ``counterfoil serve``: base URLs, credentials, and a curl line for each API.

The curl lines come from the specs: each API's first GET, with the examples of its parameters, which exist in the default
scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from counterfoil.app import Application
from counterfoil.openapi import Spec, resolve
from counterfoil.plain_text import for_terminal


def base_urls(application: Application, origin: str) -> dict[str, str]:
    """Each served API's base URL, to use instead of the vendor's."""
    return {api.name: origin + api.prefix for api in application.apis}


def curl_lines(application: Application, origin: str) -> dict[str, str]:
    """One curl line for each API, which works in the default scenario."""
    lines = {}
    for api, spec in application.server.served.values():
        credential = next(iter(application.world.grants), "")
        for path, operation in _reads(spec):
            url = origin + api.prefix + _with_examples(spec, path, operation)
            if operation.get("security") and (key := _query_key(spec.raw)):
                url += f"{'&' if '?' in url else '?'}{urlencode({key: credential})}"
            header = _header(spec.raw, credential) if operation.get("security") and not _query_key(spec.raw) else ""
            lines[api.name] = f"curl -s {header}{' ' if header else ''}'{url}'"
            break
    return lines


def show(application: Application, origin: str, *, full: bool) -> None:
    """Print the banner: a table and curl lines on a terminal, else a line for each API and one for the page."""
    world = application.world
    if not full:
        for name, url in base_urls(application, origin).items():
            print(for_terminal(f"{name} {url}"))
        print(f"page {origin}/", flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    scenario = for_terminal(world.scenario.name)
    table = Table(
        title=f"counterfoil · scenario {scenario} · it is {world.now:%Y-%m-%d %H:%M} UTC",
        title_justify="left",
    )
    table.add_column("API")
    table.add_column("base URL", no_wrap=True)
    for name, url in base_urls(application, origin).items():
        table.add_row(name, url)
    console.print(table)
    keys = [key if grant.may is None else f"{key} (403)" for key, grant in world.grants.items()]
    console.print(for_terminal(f"Credentials, as bearer token or x-api-key: {', '.join(keys)}"))
    console.print(f"Customers 1 to {world.ledger.customers}, billing runs 1 to {max(world.ledger.runs, default=0)}.")
    console.print(f"Page: {origin}/   Swagger UI: {origin}/docs/<api>")
    console.print("Try:")
    for line in curl_lines(application, origin).values():
        print(for_terminal(f"  {line}"))
    console.print("Ctrl-C stops.")


def _reads(spec: Spec) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in spec.paths.items():
        if "get" in item and not (spec.is_lenient and _lacks_example(spec, item["get"])):
            yield path, item["get"]


def _lacks_example(spec: Spec, operation: Mapping[str, Any]) -> bool:
    """Whether a required parameter has no example; in a user's own document its value is then unknown."""
    return any(
        "example" not in parameter and "example" not in resolve(spec.raw, parameter.get("schema", {}))
        for parameter in operation["parameters"]
        if parameter["in"] == "path" or parameter.get("required")
    )


def _with_examples(spec: Spec, path: str, operation: Mapping[str, Any]) -> str:
    query = {}
    for parameter in operation.get("parameters", ()):
        example = parameter.get("example", resolve(spec.raw, parameter.get("schema", {})).get("example"))
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(str(example), safe=""))
        elif parameter["in"] == "query" and parameter.get("required"):
            query[parameter["name"]] = example
    return path + (f"?{urlencode(query)}" if query else "")


def _query_key(document: Mapping[str, Any]) -> str:
    """The query parameter for the credential; empty if the document has another security scheme as well."""
    schemes = list(document.get("components", {}).get("securitySchemes", {}).values())
    only = schemes[0] if len(schemes) == 1 else {}
    return str(only["name"]) if only.get("type") == "apiKey" and only["in"] == "query" else ""


def _header(document: Mapping[str, Any], credential: str) -> str:
    schemes = document.get("components", {}).get("securitySchemes", {})
    for scheme in schemes.values():
        if scheme["type"] == "apiKey" and scheme["in"] == "header":
            return f"-H '{scheme['name']}: {credential}'"
        if scheme["type"] == "apiKey" and scheme["in"] == "cookie":
            return f"-b '{scheme['name']}={credential}'"
        if scheme["type"] == "http" and scheme["scheme"].lower() == "basic":
            return f"-u '{credential}:'"
    return f"-H 'Authorization: Bearer {credential}'"
