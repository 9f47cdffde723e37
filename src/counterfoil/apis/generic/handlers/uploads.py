"""Stores the uploaded file of a member, from a multipart form or a request body, and sends it in downloads."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from counterfoil.api import Request, Response
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.documented_responses import DocumentedResponse
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.names import letters
from counterfoil.media_types import without_parameters
from counterfoil.world.resources import Content

Json = Any

SAFE = (("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff"))
"""Headers of a file download: a browser that opens the file must not run its scripts with the rights of this origin."""
NAME = frozenset(["filename", "originalname", "originalfilename"])
SIZE = frozenset(["size", "bytes", "filesize", "sizebytes", "sizeinbytes", "contentlength", "bytecount", "length"])
TYPE = frozenset(["contenttype", "mimetype", "mediatype", "mime"])
"""Fields of a member that describe its file."""


def uploaded(request: Request) -> Content | None:
    """The uploaded file: the first file of a form, or the whole body; None if there is none."""
    if request.files:
        first = request.files[0]
        return Content(b64encode(first.data).decode(), first.media_type[:200], first.name[:1000])
    if isinstance(request.body, bytes):
        return Content(
            b64encode(request.body).decode(), without_parameters(request.headers.get("content-type", ""))[:200]
        )
    return None


def described(document: Document, collection: Collection, request: Request, content: Content) -> dict[str, Json]:
    """Values for the fields of a member that describe its file (size, type, name), except those that the request has."""
    sent = {letters(name) for name in request.body} if isinstance(request.body, dict) else set()
    size = len(b64decode(content.base64))
    found: dict[str, Json] = {}
    for name in document.properties(collection):
        key = letters(name)
        types = document.reader.types(document.field(collection, (name,)))
        if key in sent or (name,) == collection.id:
            continue
        if key in SIZE and types & {"integer", "number"}:
            found[name] = size
        elif content.media_type and key in TYPE and "string" in types:
            found[name] = content.media_type
        elif content.name and key in NAME and "string" in types:
            found[name] = content.name
    return found


def as_text(content: Content) -> str:
    """A file as text; base64 if it is not UTF-8."""
    try:
        return b64decode(content.base64).decode()
    except UnicodeDecodeError:
        return content.base64


def file_response(answer: DocumentedResponse, documented: Mapping[str, Json], content: Content) -> Response:
    """The response with a file, in the uploaded media type if the document has it."""
    kind = content.media_type
    whole = kind.partition("/")[0]
    fits = any(without_parameters(each) in (kind, f"{whole}/*", "*/*") for each in documented)
    usual = "application/octet-stream" if answer.media_type is None or "*" in answer.media_type else answer.media_type
    return Response(answer.status, b64decode(content.base64), SAFE, kind if kind and fits else usual)
