"""Converts the exchanges of the journal, and faults."""

from __future__ import annotations

from counterfoil.api import Json
from counterfoil.api.control_types import Fault, RecordedExchange, RecordedMessage
from counterfoil.world.timestamps import format_timestamp
from counterfoil.world.to_json import to_json


def exchanged(record: RecordedExchange) -> dict[str, Json]:
    return {
        "number": record.number,
        "at": format_timestamp(record.at),
        "now": format_timestamp(record.now),
        "api": record.api,
        "operation": record.operation,
        "method": record.method,
        "path": record.path,
        "status": record.status,
        "milliseconds": record.milliseconds,
        "fault": record.fault,
        "reason": record.reason,
        "request": _message(record.request),
        "answer": _message(record.answer),
    }


def _message(record: RecordedMessage) -> dict[str, Json]:
    return {"headers": [list(pair) for pair in record.headers], "body": record.body, "is_cut": record.is_cut}


def fault(record: Fault) -> dict[str, Json]:
    spec: dict[str, Json] = to_json(record.spec)
    return {"id": record.id, **spec, "counted": record.counted, "struck": record.hits}
