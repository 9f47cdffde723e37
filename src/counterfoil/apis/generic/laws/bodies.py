"""Makes request bodies for laws that create or change something: from the document's examples, a listed member, or its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from counterfoil.apis.generic.data.fitting import fit
from counterfoil.apis.generic.data.scalars import UNSET
from counterfoil.apis.generic.data.values import Unmakeable
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import examples, is_json
from counterfoil.apis.generic.model import Operation
from counterfoil.apis.generic.places import at, wrapped
from counterfoil.media_types import FORM, FORMS, MULTIPART

Json = Any


class CannotMake(Exception):
    """No value that the schema allows could be made; the message says why."""


def media_of(definition: Mapping[str, Json]) -> tuple[str, Json] | None:
    """The media type of the operation's request body, JSON before forms, with its Media Type Object; None if there is none."""
    body = definition.get("requestBody")
    content = body.get("content") if isinstance(body, dict) else None
    content = content if isinstance(content, dict) else {}
    usable = [name for name in content if is_json(name)] or [
        name for kind in FORMS for name in content if name.partition(";")[0] == kind
    ]
    return (usable[0], content[usable[0]]) if usable and isinstance(content[usable[0]], dict) else None


def fields_for(operation: Operation, document: Document, like: Json, fixed: Mapping[str, Json]) -> dict[str, Json]:
    """Valid fields of a request body for the operation, without the envelope.

    They come from an example, or from ``like`` (a listed member, or None), as far as the schema allows, and from ``fixed``.
    Raises ``CannotMake``.
    """
    media = media_of(document.spec.operations[operation.name])
    if media is None or media[1].get("schema") is None:
        raise CannotMake("the document describes no JSON or form body")
    schema = media[1]["schema"]
    checks = document.schemas.validator(schema, "request")
    start = next(_examples(media[1], operation, document), None)
    if start is None:
        start = _like(schema, operation, document, like)
    names = set(document.reader.properties(document.reader.member(schema, operation.body) or {}))
    start |= {name: value for name, value in fixed.items() if name in names}
    given = wrapped(operation.body, start) if start else UNSET
    try:
        made = fit(document.values, schema, checks, f"law {operation.name}", given=given, sent=True)
    except Unmakeable as error:
        raise CannotMake(str(error)) from None
    fields = at(made, operation.body)
    if not isinstance(fields, dict):
        raise CannotMake("its body is not an object")
    if media[0].partition(";")[0] == MULTIPART:
        fields = _without_files(document, document.reader.member(schema, operation.body) or {}, fields)
    better = {**fields, **_listed_values(operation, document, fields)}
    return better if checks.is_valid(wrapped(operation.body, better)) else fields


def _without_files(document: Document, schema: Json, fields: Mapping[str, Json]) -> dict[str, Json]:
    """The fields of a multipart form that are not files. Raises ``CannotMake`` if the document requires a file."""
    members, required = document.reader.properties(schema), document.reader.required(schema)
    files = {name for name in members if name in fields and _is_file(document, members[name])}
    if files & required:
        raise CannotMake(f"'{min(files & required)}' is a file, which laws do not send")
    return {name: value for name, value in fields.items() if name not in files}


def _is_file(document: Document, schema: Json) -> bool:
    """Whether a field of a form is a file (OpenAPI 3.0: format binary; 3.1: contentMediaType), or a list of files."""
    inner = document.reader.items(schema) if document.reader.is_array(schema) else schema
    merged = document.schemas.resolved(inner) if isinstance(inner, dict) else {}
    return merged.get("format") in ("binary", "base64", "byte") or "contentMediaType" in merged


def _listed_values(operation: Operation, document: Document, fields: Mapping[str, Json]) -> dict[str, Json]:
    """The first value of the response's enum for each field that has another value: a request schema that allows any text
    often means one of the enum."""
    shown = document.properties(document.model.collections[operation.collection])
    listed = {name: document.reader.merged(shown[name]).get("enum") for name in fields if name in shown}
    return {
        name: values[0]
        for name, values in listed.items()
        if isinstance(values, list) and values and isinstance(fields[name], str) and fields[name] not in values
    }


def _examples(media: Mapping[str, Json], operation: Operation, document: Document) -> Iterator[dict[str, Json]]:
    shown = [value for _, value in examples(media, document.reader.target)]
    for example in (*shown, *document.reader.examples(media.get("schema"))):
        fields = at(example, operation.body)
        if isinstance(fields, dict):
            yield dict(fields)


def _like(schema: Json, operation: Operation, document: Document, like: Json) -> dict[str, Json]:
    """The values of the listed member ``like`` for the properties that a client sends."""
    if not isinstance(like, dict):
        return {}
    sent = document.reader.properties(document.reader.member(schema, operation.body) or {})
    owned = document.model.collections[operation.collection].server_owned
    return {
        name: plain(like[name])
        for name, member in sent.items()
        if name in like and name not in owned and document.reader.merged(member).get("readOnly") is not True
    }


def any_value(document: Document, schema: Json, where: str) -> Json:
    """A value that the schema allows: its example or default, an array's enum values, or a made value.

    Raises ``CannotMake``.
    """
    merged = document.reader.merged(schema or {})
    for known in (*document.reader.examples(schema), merged.get("default")):
        if known is not None:
            return known
    if document.reader.is_array(schema):  # all enum values, or one made value
        items = document.reader.items(schema)
        listed = [each for each in document.reader.merged(items).get("enum") or () if each is not None]
        return listed or [any_value(document, items, where)]
    try:
        return document.values.make(schema or {}, where)
    except Unmakeable as error:
        raise CannotMake(str(error)) from None


def parameter_value(document: Document, parameter: Mapping[str, Json]) -> Json:
    """A parameter's example, else ``any_value``; as JSON where its ``content`` describes it. Raises ``CannotMake``."""
    content = next(iter((parameter.get("content") or {}).values()), None) if "schema" not in parameter else None
    described = parameter if content is None else content
    value = (
        described["example"]
        if "example" in described
        else any_value(document, described.get("schema"), parameter["name"])
    )
    return value if content is None or isinstance(value, str) else json.dumps(plain(value))


def query_of(parameter: Mapping[str, Json], value: Json) -> dict[str, Json]:
    """The query parameters that a value is written as: several for an object (https://spec.openapis.org/oas/v3.0.4#style-values)."""
    name = parameter["name"]
    if not isinstance(value, dict) or "content" in parameter:
        return {name: value}
    if parameter.get("style") == "deepObject":
        return {f"{name}[{part}]": each for part, each in value.items()}
    if parameter.get("explode", True):
        return dict(value)
    return {name: ",".join(f"{part},{each}" for part, each in value.items())}


def sent(operation: Operation, definition: Mapping[str, Json], fields: Mapping[str, Json]) -> dict[str, Any]:
    """``fields`` in their envelope and media type, as the arguments of ``LawContext.request``."""
    media = media_of(definition)
    body = plain(wrapped(operation.body, dict(fields)))
    if media is not None and media[0].partition(";")[0] == MULTIPART:
        return _multipart(list(_pairs(body, "")))
    if media is not None and not is_json(media[0]):
        form = urlencode(list(_pairs(body, "")))
        return {"content": form.encode(), "headers": {"Content-Type": FORM}}
    if media is not None and media[0] != "application/json" and "*" not in media[0]:
        return {"content": json.dumps(body).encode(), "headers": {"Content-Type": media[0]}}
    return {"body": body}


def _multipart(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Fields as a multipart form (RFC 7578), with a boundary that no field contains."""
    boundary = "counterfoil"
    while any(boundary in text for pair in pairs for text in pair):
        boundary += "-"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{text}\r\n'
        for name, text in pairs
    ]
    content = "".join((*parts, f"--{boundary}--\r\n")).encode()
    return {"content": content, "headers": {"Content-Type": f"{MULTIPART}; boundary={boundary}"}}


def _quoted(name: str) -> str:
    """A field's name escaped for a header (HTML, 4.10.22.8)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def plain(value: Json) -> Json:
    """The value with ``Decimal`` numbers, which the checker reads from responses, as ``int`` or ``float``."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


def _pairs(value: Json, name: str) -> Iterator[tuple[str, str]]:
    """``a[b]=c`` for nested objects, ``a[]=c`` for lists."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _pairs(each, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _pairs(each, f"{name}[]")
    elif value is not None:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)
