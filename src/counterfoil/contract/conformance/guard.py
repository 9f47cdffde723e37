"""Keeps Schemathesis from changing resources that the check did not create, and records those it creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.contract.created import created_paths, ids_for, is_created
from counterfoil.contract.verdict import NOT_APPLICABLE, NOT_TRIED, Record, Status

if TYPE_CHECKING:
    from counterfoil.contract.conformance.run import Job

READ_METHODS = ("GET", "HEAD", "OPTIONS")


class WriteGuard:
    """Hooks of Schemathesis for one job.

    At a target that is not disposable, an operation that writes to a single resource is only sent with the id of a resource
    that this check created: an id from the spec's examples may be that of a real one. ``new`` are the paths created here,
    ``left_out`` the operations that are not tried.
    """

    def __init__(self, job: Job, new: list[str]) -> None:
        self._job = job
        self._created = list(job.created)
        self.new = new
        self.left_out: list[Record] = []

    def may_be_tried(self, operation: Any) -> bool:
        """Whether an operation of the spec is tried at all."""
        method, path = operation.method.upper(), operation.path
        label = f"{method} {path}"
        if method in READ_METHODS or label == self._job.login_operation:
            return True
        if not self._job.writes:
            return self._leave_out(label, NOT_APPLICABLE, "changes something; use --writes")
        reaches_own = label not in self._job.acts_on_existing and self._reaches_own(method, path)
        if self._job.disposable or reaches_own:
            return True
        return self._leave_out(label, NOT_TRIED, "it would act on what this check did not create")

    def _leave_out(self, label: str, status: Status, reason: str) -> bool:
        if all(record.operation != label for record in self.left_out):
            self.left_out.append(
                Record(self._job.api, "conformance", "conformance.writes", label, status, reason=reason)
            )
        return False

    def _reaches_own(self, method: str, path: str) -> bool:
        return ids_for(path, self._created) is not None or ("{" not in path and method == "POST")

    def before_call(self, context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        """Replace the ids of a writing request by those of a created resource."""
        method, path = case.method.upper(), case.operation.path
        if self._job.disposable or method in READ_METHODS or "{" not in path:
            return
        if not is_created(_filled(path, case.path_parameters or {}), self._created):
            case.path_parameters = ids_for(path, self._created)

    def after_call(self, context: Any, case: Any, response: Any) -> None:
        """Record the resource that a successful POST created."""
        path = case.operation.path
        if case.method.upper() != "POST" or f"POST {path}" == self._job.login_operation:
            return
        location = (response.headers.get("location") or [None])[0]
        filled = _filled(path, case.path_parameters or {})
        created = created_paths(filled, response.status_code, response.content or b"", location)
        self.new += created
        self._created += created


def _filled(path: str, ids: dict[str, Any]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path
