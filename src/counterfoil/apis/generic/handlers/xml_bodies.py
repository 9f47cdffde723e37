"""Converts values to and from XML, according to the XML Objects (``xml``) of a document's schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from counterfoil.apis.generic.schemas import SchemaReader

Json = Any
Element = ElementTree.Element
MAX_DEPTH = 20


def to_xml(reader: SchemaReader, schema: Json, value: Json) -> bytes:
    """A value as an XML document."""
    root = Element(_name(reader, schema, "") or ("items" if isinstance(value, list) else "item"))
    if isinstance(value, list):
        _add_items(reader, root, schema, value, _singular(root.tag))
    else:
        _fill(reader, root, schema, value)
    written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _fill(reader: SchemaReader, element: Element, schema: Json, value: Json) -> None:
    if not isinstance(value, dict):
        element.text = _text(value)
        return
    members = reader.properties(schema)
    for name, each in value.items():
        inner = members.get(name, {})
        xml = _xml_object(reader, inner)
        shown = str(xml.get("name") or name)
        if xml.get("attribute") is True and not isinstance(each, dict | list):
            element.set(shown, _text(each))
        elif isinstance(each, list):
            wrapped = xml.get("wrapped") is True
            _add_items(reader, ElementTree.SubElement(element, shown) if wrapped else element, inner, each, shown)
        elif each is not None:
            _fill(reader, ElementTree.SubElement(element, shown), inner, each)


def _add_items(reader: SchemaReader, element: Element, schema: Json, items: list[Json], name: str) -> None:
    inner = reader.items(schema)
    for each in items:
        _fill(reader, ElementTree.SubElement(element, str(_xml_object(reader, inner).get("name") or name)), inner, each)


def from_xml(reader: SchemaReader, schema: Json, payload: bytes) -> Json:
    """The value of an XML document; all scalars are texts. Raises ``ValueError`` if it is not XML, or has a declaration
    (an entity may grow without end)."""
    if b"<!" in payload.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise ValueError("it has a declaration, and none is read")
    try:
        root = ElementTree.fromstring(payload)  # noqa: S314  (no declarations, so no entities)
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(str(error)) from None
    return _read(reader, schema, root, 0)


def _read(reader: SchemaReader, schema: Json, element: Element, depth: int) -> Json:
    if reader.is_array(schema):
        return [_read(reader, reader.items(schema), each, depth + 1) for each in element] if depth < MAX_DEPTH else []
    members = reader.properties(schema)
    if not members or depth > MAX_DEPTH:
        return element.text or ""
    found: dict[str, Json] = {}
    for name, inner in members.items():
        xml = _xml_object(reader, inner)
        wanted = str(xml.get("name") or name)
        children = [each for each in element if each.tag.rpartition("}")[2] == wanted]
        if xml.get("attribute") is True and wanted in element.attrib:
            found[name] = element.attrib[wanted]
        elif reader.is_array(inner) and xml.get("wrapped") is not True:
            item = reader.items(inner)
            named = str(_xml_object(reader, item).get("name") or wanted)
            same = [each for each in element if each.tag.rpartition("}")[2] == named]
            found.update({name: [_read(reader, item, each, depth + 1) for each in same]} if same else {})
        elif children:
            found[name] = _read(reader, inner, children[0], depth + 1)
    return found


def _xml_object(reader: SchemaReader, schema: Json) -> Mapping[str, Json]:
    xml = reader.merged(schema).get("xml")
    return xml if isinstance(xml, dict) else {}


def _name(reader: SchemaReader, schema: Json, default: str) -> str:
    return str(_xml_object(reader, schema).get("name") or reader.component_name(reader.merged(schema)) or default)


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") else name


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
