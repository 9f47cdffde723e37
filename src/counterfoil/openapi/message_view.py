"""Writes what an operation of a user's document receives and sends: parameters, bodies, responses and headers."""

from __future__ import annotations

import re
from typing import Any

from counterfoil.openapi.component_view import text_of
from counterfoil.openapi.link_view import LinkView
from counterfoil.openapi.nodes import Node
from counterfoil.openapi.sources import Sources

Json = Any

STYLES = {
    "path": {"simple", "label", "matrix"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form"},
}
"""Styles of a parameter by its place (OpenAPI 3.1, Style Values)."""
PARAMETER = ("description", "required", "deprecated", "explode", "allowReserved", "example")
_STATUS = re.compile(r"[1-5](\d\d|XX)|default")


class MessageView(LinkView):
    """Writes parameters, request bodies, responses and headers."""

    def __init__(self, sources: Sources, version: str) -> None:
        super().__init__(sources, version)
        self.writers |= {
            "parameters": self.parameter,
            "responses": self.response,
            "requestBodies": self.request_body,
            "headers": self.header,
        }

    # -- parameters ---------------------------------------------------------------------------------------------------

    def parameters(self, node: Node) -> dict[tuple[str, str], Json]:
        """The parameters at ``node["parameters"]`` that can be understood, by name and place."""
        found: dict[tuple[str, str], Json] = {}
        for each, resolved in self.declared_parameters(node):
            name, where = resolved.value["name"], text_of(resolved, "in")
            if where not in STYLES:
                self.add_notice(each, f"{name} is in {where}, which is not a place for parameters; left out")
            elif (name, where) in found:
                self.add_notice(each, f"{name} is listed twice; the first counts")
            else:
                found[name, where] = self.written("parameters", each)
        return found

    def declared_parameters(self, node: Node) -> list[tuple[Node, Node]]:
        """Each parameter's node in the list, and the node that it resolves to."""
        declared = node.value.get("parameters")
        if declared is None:
            return []
        listed = self.resolve_list(node["parameters"])
        if listed is None:
            self.add_notice(node["parameters"], "parameters must be a list; left out")
            return []
        found = []
        for index in range(len(listed.value)):
            here = listed[index]
            resolved = self.resolve(here, "parameter")
            if resolved is not None and isinstance(resolved.value.get("name"), str):
                found.append((here, resolved))
            elif resolved is not None:
                self.add_notice(here, "a parameter needs a name; left out")
        return found

    def parameter(self, node: Node) -> dict[str, Json]:
        parameter = node.value
        out = {key: parameter[key] for key in parameter if key in PARAMETER or key.startswith("x-")}
        out |= {"name": parameter.get("name", ""), "in": text_of(node, "in")}
        for flag in ("required", "explode"):
            if not isinstance(out.get(flag, False), bool):
                self.add_notice(node[flag], f"{flag} must be true or false; left out")
                del out[flag]
        if out["in"] == "path":
            out["required"] = True
        style = text_of(node, "style")
        if style in STYLES.get(out["in"], ()):
            out["style"] = style
        elif "style" in parameter:
            self.add_notice(node["style"], f"'{style}' is not a style for parameters in {out['in']}; ignored")
        if "examples" in parameter:
            out["examples"] = self.examples(node)
        return out | self.schema_or_content(node)

    def schema_or_content(self, node: Node) -> dict[str, Json]:
        """The ``schema`` or ``content`` of a parameter or header."""
        described = node.value
        if isinstance(described.get("content"), dict) and described["content"]:
            if "schema" in described:
                self.add_notice(node["schema"], "a parameter has either a schema or content; its content is read")
            content = self.content(node["content"])
            if described.get("in") != "path":
                return {"content": content}
            # in a path a plain value is the same text with and without JSON, and routing compares schemas
            first: dict[str, Json] = next(iter(content.values()), {})
            return {"content": content, "schema": first.get("schema", {})}
        if "schema" in described:
            return {"schema": self.schemas.write(node["schema"])}
        if "type" in described:  # as Swagger 2.0 has it
            self.add_notice(node, "the type belongs in a schema; read as one")
            kept = {key: value for key, value in described.items() if key not in (*PARAMETER, "name", "in", "style")}
            return {"schema": self.schemas.write(Node(node.file, kept, node.parent, node.step))}
        if "$ref" not in described:
            self.add_notice(node, "neither schema nor content; any text is valid here")
        return {"schema": {}}

    # -- bodies -------------------------------------------------------------------------------------------------------

    def request_body(self, node: Node) -> dict[str, Json]:
        body = node.value
        out = {key: body[key] for key in body if key == "description" or key.startswith("x-")}
        out["required"] = body.get("required") is True
        described = self.mapping(node, "content")
        content = self.content(described) if described is not None else {}
        if not content and (described is None or not described.value):
            self.add_notice(node, "the body has no media type; any is valid")
        out["content"] = content or {"*/*": {}}
        return out

    def content(self, node: Node) -> dict[str, Json]:
        """Schemas and examples by media type."""
        out = {}
        for name in node.value:
            if "/" not in name:
                if not name.startswith("x-"):
                    self.add_notice(node[name], f"'{name}' is not a media type; left out")
            elif is_nothing(node.value[name]):
                continue
            elif isinstance(node.value[name], dict) and (media := self.resolve(node[name], "media type")) is not None:
                out[name] = self.media_type(media)
            else:
                out[name] = {}
        return out

    def media_type(self, node: Node) -> dict[str, Json]:
        media = node.value
        out = {key: media[key] for key in media if key == "example" or key.startswith("x-")}
        if "schema" in media:
            out["schema"] = self.schemas.write(node["schema"])
        if "itemSchema" in media:  # OpenAPI 3.2: of each value of a sequence
            out["itemSchema"] = self.schemas.write(node["itemSchema"])
        if "examples" in media:
            out["examples"] = self.examples(node)
        if isinstance(media.get("encoding"), dict):
            out["encoding"] = {k: v for k, v in media["encoding"].items() if isinstance(v, dict)}
        return out

    def examples(self, node: Node) -> dict[str, Json]:
        """The named examples at ``node["examples"]``; their values are data."""
        here = node["examples"]
        if isinstance(here.value, list):  # as in a schema of 3.1
            return {str(number): {"value": value} for number, value in enumerate(here.value, 1)}
        if not isinstance(here.value, dict):
            self.add_notice(here, "examples must be a mapping; left out")
            return {}
        examples = {name: self.resolve(here[name], "example") for name in here.value}
        return {name: _as_before_3_2(example.value) for name, example in examples.items() if example is not None}

    # -- responses ----------------------------------------------------------------------------------------------------

    def responses(self, node: Node) -> dict[str, Json]:
        """The responses at ``node["responses"]`` by status; without a success response, one without a body is added."""
        out: dict[str, Json] = {}
        here = self.mapping(node, "responses")
        if here is not None:
            responses = here.value
            for key in responses:
                status = key if key == "default" else key.upper()
                if key.startswith("x-"):
                    continue
                if not _STATUS.fullmatch(status):
                    self.add_notice(here[key], f"'{key}' is not a status code; left out")
                elif isinstance(responses[key], dict):
                    out[status] = self.written("responses", here[key])
                else:
                    self.add_notice(here[key], "a response must be a mapping; read as one without a body")
                    out[status] = {"description": ""}
        if not out:
            self.add_notice(node, "no response is described; one without a body is sent")
            out["default"] = {"description": ""}
        elif not any(status == "default" or status[0] in "123" for status in out):
            self.add_notice(node["responses"], "no success response is described; one without a body is sent")
            out["2XX"] = {"description": ""}
        return out

    def response(self, node: Node) -> dict[str, Json]:
        response = node.value
        out = {key: response[key] for key in response if key == "description" or key.startswith("x-")}
        out.setdefault("description", "")
        if (content := self.mapping(node, "content")) is not None:
            out["content"] = self.content(content)
        if (headers := self.mapping(node, "headers")) is not None:
            out["headers"] = self.headers(headers)
        if isinstance(response.get("links"), dict) and (links := self.links(node["links"])):
            out["links"] = links
        return out

    def headers(self, node: Node) -> dict[str, Json]:
        out = {}
        for name in node.value:
            if isinstance(node.value[name], dict):
                out[name] = self.written("headers", node[name])
            else:
                self.add_notice(node[name], "a header must be a mapping; left out")
        return out

    def header(self, node: Node) -> dict[str, Json]:
        header = node.value
        out = {key: header[key] for key in header if key in PARAMETER or key.startswith("x-")}
        out["required"] = header.get("required") is True
        return out | self.schema_or_content(node)


def is_nothing(described: Json) -> bool:
    """Whether the schema of a body allows only null, which is how some documents say that there is no body."""
    schema = described.get("schema") if isinstance(described, dict) else None
    return isinstance(schema, dict) and schema.get("type") in ("null", ["null"])


def _as_before_3_2(example: Json) -> Json:
    """An example with its data as ``value``, where OpenAPI 3.2 calls it ``dataValue``."""
    if isinstance(example, dict) and "dataValue" in example and "value" not in example:
        return {**example, "value": example["dataValue"]}
    return example
