"""Renders errors as billingplatform.uk's JSON, and turns the ledger's refusals into API errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterfoil.api import ApiError, Response
from counterfoil.apis.billingplatform.serializers import LOCKED, VENDOR_NAMES
from counterfoil.ledger.errors import LedgerError, RuleBroken, UnknownRecord

if TYPE_CHECKING:
    from counterfoil.world.world import World


def render(error: ApiError) -> Response:
    """The response ``{"error": text}``, an assumption: the vendor documents no error body
    (docs/vendors/billingplatform.md#error-body)."""
    headers = (("WWW-Authenticate", "Bearer"),) if error.status == 401 else ()
    return Response(error.status, {"error": _message(error)}, headers)


def is_lock(error: LedgerError) -> bool:
    """Whether the ledger refused to change a member because bills were requested."""
    return isinstance(error, RuleBroken) and VENDOR_NAMES.get(error.field or "") in LOCKED


def from_ledger(error: LedgerError, world: World) -> ApiError:
    """The API error for the ledger's error, with the vendor's name of the member."""
    name = VENDOR_NAMES.get(error.field or "")
    if isinstance(error, UnknownRecord):
        return ApiError("unknown_resource", error.message, where="id")
    if is_lock(error):
        status = 422 if world.switches["billingplatform.locked_field"] == "422" else 409
        message = f"{name} is locked: bills are requested for this billing run; nothing was changed"
        return ApiError("conflict", message, where=name, status=status)
    # Contradicting dates too: the request is well-formed, and the other date may be the stored one.
    return ApiError("conflict", f"{name}: {error.message}" if name else error.message, where=name)


def _message(error: ApiError) -> str:
    """One line that names the member or parameter at fault, without JSON pointer syntax."""
    where = error.where or ""
    if where.startswith("/") and error.reason in ("malformed", "required"):
        return f"{where[1:]}: {error.message.removeprefix(f'body{where}: ')}"
    return error.message or error.reason
