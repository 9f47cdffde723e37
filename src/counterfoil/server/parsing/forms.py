"""Reads forms: the fields of ``application/x-www-form-urlencoded`` and ``multipart/form-data`` bodies, in order.

The value of a file in a multipart form is its name; its content is returned separately.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

from counterfoil.api import ApiError, File
from counterfoil.media_types import is_json_type, without_parameters
from counterfoil.server.parsing.json_text import parse_json

Json = Any

MAX_FIELDS = 1_000
MAX_HEADER_BYTES = 8_192
"""Limit on the bytes of one header of a part."""


def urlencoded(payload: bytes) -> list[tuple[str, Json]]:
    """The fields' names and texts. Raises ``ApiError`` (malformed)."""
    parts = payload.strip().split(b"&")
    if len(parts) > MAX_FIELDS:
        raise _malformed(f"more than {MAX_FIELDS} fields")
    fields = []
    for part in parts:
        if part:
            name, _, value = part.partition(b"=")
            fields.append((_decoded(name), _decoded(value)))
    return fields


def _decoded(sent: bytes) -> str:
    return _text(unquote_to_bytes(sent.replace(b"+", b" ")))


def _text(sent: bytes) -> str:
    try:
        return sent.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("a field that is not UTF-8") from None


def multipart(payload: bytes, content_type: str) -> tuple[list[tuple[str, Json]], tuple[File, ...]]:
    """The fields and the files. A field's value is text, parsed JSON, or a file's name. Raises ``ApiError`` (malformed)."""
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not boundary:
        raise _malformed("no boundary in its Content-Type")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary, parts.callbacks())
        parser.write(payload)
        parser.finalize()
    except FormParserError as error:
        raise _malformed(f"a mistake ({error})") from None
    if not parts.is_complete:
        raise _malformed("no end")
    return parts.fields, tuple(parts.files)


class _Parts:
    """Collects fields and files from the parser's callbacks."""

    def __init__(self) -> None:
        self.fields: list[tuple[str, Json]] = []
        self.files: list[File] = []
        self.is_complete = False
        self._headers: dict[str, bytes] = {}
        self._name = self._value = self._data = b""
        self._chunks: list[bytes] = []

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self._chunks.append(data[start:end]),
            "on_part_end": self._end,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_end": self._complete,
        }

    def _begin(self) -> None:
        if len(self.fields) >= MAX_FIELDS:
            raise _malformed(f"more than {MAX_FIELDS} fields")
        self._headers, self._chunks = {}, []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        if len(self._value) > MAX_HEADER_BYTES:
            raise _malformed("a part with too long a header")

    def _header_end(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value
        self._name = self._value = b""

    def _end(self) -> None:
        from python_multipart.multipart import parse_options_header

        options = parse_options_header(self._headers.get("content-disposition", b""))[1]
        name = options.get(b"name")
        if name is None:
            raise _malformed("a part without a name")
        content_type = without_parameters(self._headers.get("content-type", b"").decode("latin-1"))
        data = b"".join(self._chunks)
        value: Json
        if b"filename" in options:
            value = options[b"filename"].decode("utf-8", "replace")
            self.files.append(File(_text(name), value, content_type, data))
        elif is_json_type(content_type):
            value = parse_json(data)
        else:
            value = _text(data)
        self.fields.append((_text(name), value))

    def _complete(self) -> None:
        self.is_complete = True


def _malformed(has: str) -> ApiError:
    return ApiError("malformed", f"the body is not a form that can be read: it has {has}", where="body")
