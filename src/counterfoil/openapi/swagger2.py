"""Converts a Swagger 2.0 document to the view's form, which is OpenAPI 3."""

from __future__ import annotations

from typing import Any

from counterfoil.media_types import FORM, FORMS, MULTIPART, without_parameters
from counterfoil.openapi.component_view import LOST, text_of
from counterfoil.openapi.message_view import is_nothing
from counterfoil.openapi.nodes import Node
from counterfoil.openapi.sources import Sources
from counterfoil.openapi.view import OPERATION, View

Json = Any

DESCRIBES_VALUE = frozenset(
    {
        *("type", "format", "items", "default", "enum", "pattern", "multipleOf", "uniqueItems", "x-nullable"),
        *(
            "maximum",
            "exclusiveMaximum",
            "minimum",
            "exclusiveMinimum",
            "maxLength",
            "minLength",
            "maxItems",
            "minItems",
        ),
    }
)
"""Members of a parameter or header that say what its value is; in OpenAPI 3 they are in its schema."""
COLLECTIONS: dict[str, dict[str, Json]] = {
    "csv": {"explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"explode": True},
}
FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}


class Swagger2View(View):
    """Writes one Swagger 2.0 document. Parameters and responses are written where they are used, because their meaning
    depends on the media types that the operation consumes and produces."""

    kinds = ("schemas",)

    def __init__(self, sources: Sources, version: str) -> None:
        super().__init__(sources, version)
        self._produced = ["application/json"]
        self._of_path: Node | None = None

    def base_path(self) -> str:
        base = self.top.value.get("basePath")
        return self.path_of(base, self.top["basePath"]) if isinstance(base, str) else ""

    def components(self) -> dict[str, Node]:
        definitions = self.mapping(self.top, "definitions")
        return {} if definitions is None else {"schemas": definitions}

    def written(self, kind: str, node: Node) -> Json:
        resolved = self.resolve(node, {"responses": "response", "headers": "header"}[kind])
        return LOST[kind] if resolved is None else self.writers[kind](resolved)

    def security_schemes(self) -> dict[str, Json]:
        return self.schemes_at(self.mapping(self.top, "securityDefinitions"))

    def security_scheme(self, node: Node) -> Json:
        scheme = super().security_scheme(node)
        if scheme is None or scheme["type"] != "oauth2" or "flow" not in scheme:
            return scheme
        flow = {
            "scopes": scheme.get("scopes", {}),
            **{each: scheme[each] for each in ("authorizationUrl", "tokenUrl") if each in scheme},
        }
        return {"type": "oauth2", "flows": {FLOWS.get(str(scheme["flow"]), "implicit"): flow}}

    # -- operations ---------------------------------------------------------------------------------------------------

    def path_item(self, node: Node, path: str) -> dict[str, Json] | None:
        resolved = self.resolve(node, "path")
        self._of_path = resolved
        return super().path_item(node, path)

    def operation(self, node: Node, path: str, shared: dict[tuple[str, str], Json]) -> dict[str, Json]:
        operation = node.value
        out = {key: operation[key] for key in operation if key in OPERATION or key.startswith("x-")}
        out["parameters"] = self._fit_to_path({**shared, **self.parameters(node)}, path, node)
        body = self._body(node)
        if body is not None:
            out["requestBody"] = body
        self._produced = self._media_types(node, "produces")
        out["responses"] = self.responses(node)
        if "security" in operation:
            out["security"] = self.security(node, self._schemes)
        return out

    def _media_types(self, node: Node, member: str) -> list[str]:
        """The operation's media types, else the document's, else JSON."""
        for holder in (node.value, self.top.value):
            listed = holder.get(member)
            if isinstance(listed, list):
                usable = [each for each in listed if isinstance(each, str) and "/" in each]
                if usable:
                    return usable
        return ["application/json"]

    def parameters(self, node: Node) -> dict[tuple[str, str], Json]:
        found: dict[tuple[str, str], Json] = {}
        for each, resolved in self.declared_parameters(node):
            where = text_of(resolved, "in")
            if where in ("path", "query", "header"):
                found.setdefault((resolved.value["name"], where), self.parameter(resolved))
            elif where not in ("body", "formData"):
                self.add_notice(
                    each, f"{resolved.value['name']} is in {where}, which is not a place for parameters; left out"
                )
        return found

    def parameter(self, node: Node) -> dict[str, Json]:
        parameter = node.value
        out = {k: v for k, v in parameter.items() if k in ("name", "in", "description") or k.startswith("x-")}
        out["required"] = parameter["in"] == "path" or parameter.get("required") is True
        out["schema"] = self._value(node)
        if parameter.get("type") == "array":
            out |= COLLECTIONS.get(str(parameter.get("collectionFormat", "csv")), COLLECTIONS["csv"])
            if parameter["in"] != "query":
                out.pop("style", None)
        return out

    def _value(self, node: Node) -> Json:
        """The schema of a parameter's or header's value."""
        if "schema" in node.value:
            return self.schemas.write(node["schema"])
        kept = {key: value for key, value in node.value.items() if key in DESCRIBES_VALUE}
        return self.schemas.write(Node(node.file, kept, node.parent, node.step))

    def _body(self, node: Node) -> Json:
        """The request body: the body parameter, or the form parameters together."""
        declared = self.declared_parameters(node)
        own = {each.value.get("name") for _, each in declared}
        if self._of_path is not None:
            declared += [pair for pair in self.declared_parameters(self._of_path) if pair[1].value["name"] not in own]
        consumed = self._media_types(node, "consumes")
        for _, each in declared:
            if each.value.get("in") == "body":
                if is_nothing(each.value):
                    return None
                schema = self._value(each)
                examples = {"example": each.value["x-example"]} if "x-example" in each.value else {}
                content = {name: {"schema": schema, **examples} for name in consumed}
                return {"required": each.value.get("required") is True, "content": content}
        fields = [each for _, each in declared if each.value.get("in") == "formData"]
        return self._form(fields, consumed) if fields else None

    def _form(self, fields: list[Node], consumed: list[str]) -> Json:
        required = [each.value["name"] for each in fields if each.value.get("required") is True]
        schema: dict[str, Json] = {
            "type": "object",
            "properties": {each.value["name"]: self._field(each) for each in fields},
        }
        if required:
            schema["required"] = required
        has_file = any(each.value.get("type") == "file" for each in fields)
        kinds = [each for each in consumed if without_parameters(each) in FORMS]
        kinds = kinds or [MULTIPART if has_file else FORM]
        joined = {
            each.value["name"]: COLLECTIONS.get(str(each.value.get("collectionFormat", "csv")), COLLECTIONS["csv"])
            for each in fields
            if each.value.get("type") == "array"
        }
        media = {"schema": schema, **({"encoding": joined} if joined else {})}
        return {"required": bool(required), "content": dict.fromkeys(kinds, media)}

    def _field(self, node: Node) -> Json:
        description = node.value.get("description")
        return {**self._value(node), **({"description": description} if isinstance(description, str) else {})}

    def response(self, node: Node) -> dict[str, Json]:
        response = node.value
        out = {key: response[key] for key in response if key == "description" or key.startswith("x-")}
        out.setdefault("description", "")
        examples = response.get("examples")
        examples = examples if isinstance(examples, dict) else {}
        if "schema" in response and not is_nothing(response):
            schema = self.schemas.write(node["schema"])
            out["content"] = {
                name: {"schema": schema, **({"example": examples[name]} if name in examples else {})}
                for name in self._produced
            }
        if isinstance(response.get("headers"), dict):
            out["headers"] = self.headers(node["headers"])
        return out

    def header(self, node: Node) -> dict[str, Json]:
        description = {k: v for k, v in node.value.items() if k == "description"}
        return {"required": False, **description, "schema": self._value(node)}
