"""Brings a user's document into one form: OpenAPI 3, complete, each reference leading to a component of its own kind.

It reads only what may stand where it stands: a ``$ref`` in an example is data. What it cannot understand it leaves out or
lets be anything, and tells. Components of other files, and those that references find elsewhere, are written under
``#/components`` by a name that is free. This module reads OpenAPI 3.0 and later; ``swagger2`` reads Swagger 2.0.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

from counterfoil import json_pointer
from counterfoil.openapi.places import Lost, Notices, Place, end_of, target
from counterfoil.openapi.schema_view import SchemaView
from counterfoil.openapi.sources import SourceFile, Sources, Steps
from counterfoil.openapi.spec import METHODS, SchemaDialect

Json = Any

STYLES = {
    "path": {"simple", "label", "matrix"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form"},
}
"""Styles of a parameter by its place (OpenAPI 3.1, Style Values)."""
OPERATION = ("operationId", "summary", "description", "tags", "deprecated", "externalDocs")
PARAMETER = ("description", "required", "deprecated", "explode", "allowReserved", "example")
SECURITY_TYPES = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")
ITEM = {"$ref", "summary", "description", "servers", "parameters", *METHODS}
SAFE = "/%:@!$&'()*+,;=~-._"
"""What may stand in a path as it is (RFC 3986, 3.3)."""
LOST: dict[str, Json] = {
    "responses": {"description": "", "content": {"*/*": {}}},
    "requestBodies": {"required": False, "content": {"*/*": {}}},
    "headers": {"required": False, "schema": {}},
}
"""What stands for a component that a reference does not find."""
_STATUS = re.compile(r"[1-5](\d\d|XX)|default")
_PATH_PARAMETER = re.compile(r"\{([^{}]*)\}")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
_ODD_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def text_of(place: Place, member: str) -> str:
    """A member that must be text; empty if it is not."""
    value = place.value.get(member)
    return value if isinstance(value, str) else ""


class View:
    """Writes one document. ``write`` gives it; ``notices`` has what could not be understood."""

    kinds: tuple[str, ...] = ("schemas", "parameters", "responses", "requestBodies", "headers")

    def __init__(self, sources: Sources, version: str) -> None:
        self.sources = sources
        self.top = Place(sources.root, sources.root.value)
        self.version = version
        self.dialect: SchemaDialect = "draft4" if version.startswith(("2", "3.0")) else "2020-12"
        self.notices = Notices()
        self.tell = self.notices.tell
        self.schemas = SchemaView(self.dialect, self.schema_reference, self.tell)
        self._names: dict[tuple[str, SourceFile, Steps], str] = {}
        self._taken: dict[str, set[str]] = {kind: set() for kind in self.kinds}
        self._waiting: deque[tuple[str, str, Place]] = deque()
        self.writers: dict[str, Callable[[Place], Json]] = {
            "schemas": self.schemas.write,
            "parameters": self.parameter,
            "responses": self.response,
            "requestBodies": self.request_body,
            "headers": self.header,
        }

    def write(self) -> dict[str, Json]:
        """The document in the view's form."""
        document = self.top.value
        out = {key: value for key, value in document.items() if key.startswith("x-") or key in ("tags", "externalDocs")}
        out |= {"openapi": "3.0.3" if self.dialect == "draft4" else "3.1.0", "info": self.info()}
        schemes = self.security_schemes()
        self._base = self.base_path()
        out["servers"] = [{"url": self._base or "/"}]
        components: dict[str, dict[str, Json]] = {kind: {} for kind in self.kinds}
        self._name_components()
        self._security = self.security(self.top, schemes) if "security" in document else []
        self._schemes = schemes
        out["security"] = self._security
        out["paths"] = self.paths()
        while self._waiting:
            kind, name, place = self._waiting.popleft()
            components[kind][name] = self.writers[kind](place)
        self._break_circles(components["schemas"])
        return {**out, "components": {**{k: v for k, v in components.items() if v}, "securitySchemes": schemes}}

    def info(self) -> Json:
        info = self.top.value.get("info")
        return info if isinstance(info, dict) else {}

    def base_path(self) -> str:
        """The path of the first server, its variables replaced by their defaults; without a trailing slash."""
        return self.server_path(self.top)

    def server_path(self, place: Place) -> str:
        servers = place.value.get("servers")
        first = servers[0] if isinstance(servers, list) and servers else None
        if not isinstance(first, dict) or not isinstance(first.get("url"), str):
            return ""
        variables = first.get("variables")

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match.group(1)) if isinstance(variables, dict) else None
            return str(variable.get("default", "")) if isinstance(variable, dict) else ""

        return self.path_of(_VARIABLE.sub(default, first["url"]), place["servers"])

    def path_of(self, url: str, place: Place) -> str:
        """The path of a server's URL, percent-encoded."""
        try:
            path = urlsplit(url if "://" in url or url.startswith("/") else f"/{url}").path
        except ValueError:
            self.tell(place, "the server's URL cannot be read; served without a base path")
            return ""
        path = "/".join(each for each in path.split("/") if each not in ("", ".", ".."))
        return "/" + quote(path, safe=SAFE) if path else ""

    # -- components and references ------------------------------------------------------------------------------------

    def components(self) -> dict[str, Place]:
        """The place of each kind of component that the document has."""
        components = self.mapping(self.top, "components")
        found = {kind: self.mapping(components, kind) for kind in self.kinds}
        return {kind: place for kind, place in found.items() if place is not None}

    def mapping(self, place: Place | None, member: str) -> Place | None:
        """The place of a member that is a mapping. A reference may stand for all of it, as in documents that are split."""
        if place is None or member not in place.value:
            return None
        return self.end(place[member], member) if place.value[member] is not None else None

    def _name_components(self) -> None:
        """Give the document's own components their names before any reference asks for one."""
        elsewhere: list[tuple[str, str, Place]] = []
        for kind, here in self.components().items():
            for name in here.value:
                place = here[name]
                if kind != "schemas" and not isinstance(place.value, dict):
                    self.tell(place, "a component must be a mapping; left out")
                    continue
                self._taken[kind].add(name)
                self._names[kind, place.file, place.steps] = name
                if isinstance(place.value, dict) and isinstance(place.value.get("$ref"), str):
                    elsewhere.append((kind, name, place))
                else:
                    self._waiting.append((kind, name, place))
        for kind, name, place in elsewhere:
            self._name_alias(kind, name, place)

    def _name_alias(self, kind: str, name: str, place: Place) -> None:
        """A component that only refers to another: what is in another file gets its name."""
        try:
            end = end_of(self.sources, place)
        except Lost as lost:
            if kind != "schemas":
                return
            self.tell(place, f"the reference '{place.value['$ref']}' {lost}; anything is valid here")
            end = Place(place.file, {}, place.parent, place.step)
        key = (kind, end.file, end.steps)
        if key not in self._names:
            self._names[key] = name
            self._waiting.append((kind, name, end))
        elif kind == "schemas":
            self._waiting.append((kind, name, place))
        # a parameter, response, body or header that is an alias is found at its end, and needs no name

    def named(self, kind: str, place: Place) -> str | None:
        """A reference in the view to what the ``$ref`` at ``place`` leads to; None, and a notice, if it leads nowhere."""
        reference = place.value["$ref"]
        try:
            found = target(self.sources, reference, place)
            end = end_of(self.sources, found)
        except Lost as lost:
            if kind == "schemas" and reference in self._taken[kind]:
                return json_pointer.join("components", kind, reference)
            self.tell(place, f"the reference '{reference}' {lost}; anything is valid here")
            return None
        if kind != "schemas" and not isinstance(end.value, dict):
            self.tell(place, f"the reference '{reference}' leads to no mapping; anything is valid here")
            return None
        key = (kind, found.file, found.steps)
        if kind != "schemas" or key not in self._names:
            key, found = (kind, end.file, end.steps), end
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._free_name(kind, found)
            self._waiting.append((kind, name, found))
        return json_pointer.join("components", kind, name)

    def schema_reference(self, place: Place) -> str | None:
        """As ``named``, for schemas."""
        return self.named("schemas", place)

    def _free_name(self, kind: str, place: Place) -> str:
        words = [each for each in place.steps if each not in ("schema", "schemas", "properties", "components", kind)]
        stem = place.file.path.name.partition(".")[0]
        base = _ODD_IN_NAME.sub("_", "_".join(map(str, words[-3:])) or stem).strip("_") or kind
        name, number = base, 1
        while name in self._taken[kind]:
            number += 1
            name = f"{base}_{number}"
        self._taken[kind].add(name)
        return name

    def end(self, place: Place, what: str) -> Place | None:
        """Where references from ``place`` end, if that is a mapping; else None, and a notice."""
        try:
            end = end_of(self.sources, place)
        except Lost as lost:
            self.tell(place, f"the reference '{place.value['$ref']}' {lost}; the {what} is left out")
            return None
        if not isinstance(end.value, dict):
            self.tell(place, f"the {what} must be a mapping; left out")
            return None
        return end

    def written(self, kind: str, place: Place) -> Json:
        """What is written for the parameter, response, … at ``place``: a reference to a component, or the thing itself."""
        if isinstance(place.value.get("$ref"), str):
            reference = self.named(kind, place)
            return {"$ref": reference} if reference is not None else LOST[kind]
        return self.writers[kind](place)

    def _break_circles(self, schemas: dict[str, Json]) -> None:
        """A schema that is nothing but a reference to itself, by way of others, allows everything."""
        prefix = "#/components/schemas/"
        for start in schemas:
            seen, name = {start}, start
            while isinstance(reference := schemas[name].get("$ref"), str) and len(schemas[name]) == 1:
                name = json_pointer.split(reference)[-1] if reference.startswith(prefix) else start
                if name in seen:
                    schemas[start] = {}
                    break
                seen.add(name)

    # -- security -----------------------------------------------------------------------------------------------------

    def security_schemes(self) -> dict[str, Json]:
        """The security schemes that can be understood."""
        return self.schemes_at(self.mapping(self.mapping(self.top, "components"), "securitySchemes"))

    def schemes_at(self, place: Place | None) -> dict[str, Json]:
        """The security schemes of a mapping of them."""
        written = {name: self.security_scheme(place[name]) for name in place.value} if place is not None else {}
        return {name: scheme for name, scheme in written.items() if scheme is not None}

    def security_scheme(self, place: Place) -> Json:
        end = self.end(place, "security scheme")
        if end is None:
            return None
        scheme = end.value
        kind = text_of(end, "type")
        if kind == "basic":
            kind, scheme = "http", {**scheme, "type": "http", "scheme": "basic"}
        if kind == "apiKey":
            is_complete = isinstance(scheme.get("name"), str) and scheme.get("in") in ("header", "query", "cookie")
        else:
            is_complete = kind in SECURITY_TYPES and (kind != "http" or isinstance(scheme.get("scheme"), str))
        if not is_complete:
            self.tell(place, "this is no security scheme of OpenAPI; no credential is asked for it")
            return None
        return scheme

    def security(self, place: Place, schemes: dict[str, Json]) -> list[Json]:
        """The security requirements at ``place["security"]``; a scheme that is not defined is not asked for."""
        requirements = place.value["security"]
        if not isinstance(requirements, list):
            self.tell(place["security"], "security must be a list; no credential is asked for")
            return []
        written = []
        for index, requirement in enumerate(requirements):
            if not isinstance(requirement, dict):
                self.tell(place["security"][index], "a security requirement must be a mapping; left out")
                continue
            for name in requirement.keys() - schemes.keys():
                self.tell(
                    place["security"][index], f"there is no security scheme '{name}'; no credential is asked for it"
                )
            written.append(
                {
                    name: [each for each in scopes if isinstance(each, str)] if isinstance(scopes, list) else []
                    for name, scopes in requirement.items()
                    if name in schemes
                }
            )
        return written

    # -- paths --------------------------------------------------------------------------------------------------------

    def paths(self) -> dict[str, Json]:
        """The path items, each with a path that begins with a slash."""
        out: dict[str, Json] = {}
        paths = self.mapping(self.top, "paths")
        if paths is None:
            return out
        for path in paths.value:
            if path.startswith("x-"):
                continue
            place = paths[path]
            item = self.path_item(place, path)
            if item is None:
                continue
            served = self._served_path(path, place)
            known = out.setdefault(served, {})
            for method in known.keys() & item.keys():
                self.tell(place, f"{method.upper()} {served} is there twice; the first is served")
            out[served] = {**item, **known}
        return out

    def _served_path(self, path: str, place: Place) -> str:
        served = re.split(r"[?#]", path)[0]
        if served != path:
            self.tell(place, f"a path has no query or fragment; served at '{served}'")
        if not served.startswith("/"):
            self.tell(place, f"a path must begin with a slash; served at '/{served}'")
            served = f"/{served}"
        return served

    def path_item(self, place: Place, path: str) -> dict[str, Json] | None:
        """The operations of a path, by method, with the path's parameters merged into each."""
        end = self.end(place, "path")
        if end is None:
            return None
        for name in end.value.keys() - ITEM:
            if not name.startswith("x-"):
                self.tell(end[name], f"'{name}' is no operation that can be served; left out")
        if "servers" in end.value and self.server_path(end) != self._base:
            self.tell(
                end["servers"], f"this path has a server of its own; served below '{self._base or '/'}' as the others"
            )
        shared = self.parameters(end)
        item = {}
        for method in METHODS:
            if method in end.value:
                if isinstance(end.value[method], dict):
                    item[method] = self.operation(end[method], path, shared)
                else:
                    self.tell(end[method], "an operation must be a mapping; left out")
        return item

    def operation(self, place: Place, path: str, shared: dict[tuple[str, str], Json]) -> dict[str, Json]:
        """One operation; ``shared`` are the parameters of its path, by name and place."""
        operation = place.value
        out = {key: operation[key] for key in operation if key in OPERATION or key.startswith("x-")}
        out["parameters"] = self._fit_to_path({**shared, **self.parameters(place)}, path, place)
        if operation.get("requestBody") is not None:
            body = place["requestBody"]
            if isinstance(body.value, dict):
                out["requestBody"] = self.written("requestBodies", body)
            else:
                self.tell(body, "requestBody must be a mapping; left out")
        out["responses"] = self.responses(place)
        if "security" in operation:
            out["security"] = self.security(place, self._schemes)
        return out

    def _fit_to_path(self, parameters: dict[tuple[str, str], Json], path: str, place: Place) -> list[Json]:
        """The parameters, those of the path exactly as the path has them."""
        in_path = dict.fromkeys(_PATH_PARAMETER.findall(path))
        out = []
        for (name, where), parameter in parameters.items():
            if where == "path" and name not in in_path:
                self.tell(place, f"the path has no {{{name}}}; the parameter is left out")
            else:
                out.append(parameter)
        for name in in_path:
            if (name, "path") not in parameters:
                self.tell(place, f"the path parameter {name} is not described; any text is valid")
                out.append({"name": name, "in": "path", "required": True, "schema": {}})
        return out

    # -- parameters ---------------------------------------------------------------------------------------------------

    def parameters(self, place: Place) -> dict[tuple[str, str], Json]:
        """The parameters at ``place["parameters"]`` that can be understood, by name and place."""
        found: dict[tuple[str, str], Json] = {}
        for each, end in self.declared_parameters(place):
            name, where = end.value["name"], text_of(end, "in")
            if where not in STYLES:
                self.tell(each, f"{name} is in {where}, where no parameter is; left out")
            elif (name, where) in found:
                self.tell(each, f"{name} is there twice; the first counts")
            else:
                found[name, where] = self.written("parameters", each)
        return found

    def declared_parameters(self, place: Place) -> list[tuple[Place, Place]]:
        """Each parameter's place in the list, and the place where references from there end."""
        declared = place.value.get("parameters")
        if declared is None:
            return []
        if not isinstance(declared, list):
            self.tell(place["parameters"], "parameters must be a list; left out")
            return []
        found = []
        for index in range(len(declared)):
            here = place["parameters"][index]
            end = self.end(here, "parameter")
            if end is not None and isinstance(end.value.get("name"), str):
                found.append((here, end))
            elif end is not None:
                self.tell(here, "a parameter needs a name; left out")
        return found

    def parameter(self, place: Place) -> dict[str, Json]:
        parameter = place.value
        out = {key: parameter[key] for key in parameter if key in PARAMETER or key.startswith("x-")}
        out |= {"name": parameter.get("name", ""), "in": text_of(place, "in")}
        for flag in ("required", "explode"):
            if not isinstance(out.get(flag, False), bool):
                self.tell(place[flag], f"{flag} must be true or false; left out")
                del out[flag]
        if out["in"] == "path":
            out["required"] = True
        style = text_of(place, "style")
        if style in STYLES.get(out["in"], ()):
            out["style"] = style
        elif "style" in parameter:
            self.tell(place["style"], f"{style} is no style of a parameter in {out['in']}; left out")
        if "examples" in parameter:
            out["examples"] = self.examples(place)
        return out | self.schema_or_content(place)

    def schema_or_content(self, place: Place) -> dict[str, Json]:
        """The ``schema`` or ``content`` of a parameter or header."""
        described = place.value
        if isinstance(described.get("content"), dict) and described["content"]:
            return {"content": self.content(place["content"])}
        if "schema" in described:
            return {"schema": self.schemas.write(place["schema"])}
        if "type" in described:  # as Swagger 2.0 has it
            self.tell(place, "the type belongs into a schema; read as if it were there")
            kept = {key: value for key, value in described.items() if key not in (*PARAMETER, "name", "in", "style")}
            return {"schema": self.schemas.write(Place(place.file, kept, place.parent, place.step))}
        if "$ref" not in described:
            self.tell(place, "neither schema nor content; any text is valid here")
        return {"schema": {}}

    # -- bodies -------------------------------------------------------------------------------------------------------

    def request_body(self, place: Place) -> dict[str, Json]:
        body = place.value
        out = {key: body[key] for key in body if key == "description" or key.startswith("x-")}
        out["required"] = body.get("required") is True
        content = self.content(place["content"]) if isinstance(body.get("content"), dict) else {}
        if not content:
            self.tell(place, "the body has no media type; any is valid")
        out["content"] = content or {"*/*": {}}
        return out

    def content(self, place: Place) -> dict[str, Json]:
        """Schemas and examples by media type."""
        out = {}
        for name in place.value:
            if "/" not in name:
                if not name.startswith("x-"):
                    self.tell(place[name], f"'{name}' is no media type; left out")
            elif isinstance(place.value[name], dict):
                out[name] = self.media_type(place[name])
            else:
                out[name] = {}
        return out

    def media_type(self, place: Place) -> dict[str, Json]:
        media = place.value
        out = {key: media[key] for key in media if key == "example" or key.startswith("x-")}
        if "schema" in media:
            out["schema"] = self.schemas.write(place["schema"])
        if "examples" in media:
            out["examples"] = self.examples(place)
        if isinstance(media.get("encoding"), dict):
            out["encoding"] = {k: v for k, v in media["encoding"].items() if isinstance(v, dict)}
        return out

    def examples(self, place: Place) -> dict[str, Json]:
        """The named examples at ``place["examples"]``; their values are data."""
        here = place["examples"]
        if isinstance(here.value, list):  # as a schema of 3.1 has them
            return {str(number): {"value": value} for number, value in enumerate(here.value, 1)}
        if not isinstance(here.value, dict):
            self.tell(here, "examples must be a mapping; left out")
            return {}
        ends = {name: self.end(here[name], "example") for name in here.value}
        return {name: end.value for name, end in ends.items() if end is not None}

    # -- responses ----------------------------------------------------------------------------------------------------

    def responses(self, place: Place) -> dict[str, Json]:
        """The responses at ``place["responses"]`` by status; an operation without any may answer anything."""
        out: dict[str, Json] = {}
        responses = place.value.get("responses")
        if isinstance(responses, dict):
            here = place["responses"]
            for key in responses:
                status = key if key == "default" else key.upper()
                if key.startswith("x-"):
                    continue
                if not _STATUS.fullmatch(status):
                    self.tell(here[key], f"'{key}' is no status; left out")
                elif isinstance(responses[key], dict):
                    out[status] = self.written("responses", here[key])
                else:
                    self.tell(here[key], "a response must be a mapping; read as one without a body")
                    out[status] = {"description": ""}
        if not out:
            self.tell(place, "no response is described; an answer without a body is given")
            out["default"] = {"description": ""}
        return out

    def response(self, place: Place) -> dict[str, Json]:
        response = place.value
        out = {key: response[key] for key in response if key in ("description", "links") or key.startswith("x-")}
        out.setdefault("description", "")
        if isinstance(response.get("content"), dict):
            out["content"] = self.content(place["content"])
        if isinstance(response.get("headers"), dict):
            out["headers"] = self.headers(place["headers"])
        return out

    def headers(self, place: Place) -> dict[str, Json]:
        out = {}
        for name in place.value:
            if isinstance(place.value[name], dict):
                out[name] = self.written("headers", place[name])
            else:
                self.tell(place[name], "a header must be a mapping; left out")
        return out

    def header(self, place: Place) -> dict[str, Json]:
        header = place.value
        out = {key: header[key] for key in header if key in PARAMETER or key.startswith("x-")}
        out["required"] = header.get("required") is True
        return out | self.schema_or_content(place)
