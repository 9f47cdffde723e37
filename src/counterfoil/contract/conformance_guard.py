"""Keep Schemathesis from changing what the check did not create, and count what it creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from counterfoil.contract.created import created_path, ids_for, is_created
from counterfoil.contract.verdict import NOT_TRIED, Record

if TYPE_CHECKING:
    from counterfoil.contract.conformance import Job

READ_METHODS = ("GET", "HEAD", "OPTIONS")


class WriteGuard:
    """Hooks of Schemathesis for one job.

    At a target that is not disposable, an operation that writes to a single resource is only sent with the id of a resource
    that this check created: an id from the spec's examples may be that of a real one. ``new`` are the paths created here,
    ``not_tried`` the operations left out because nothing was created.
    """

    def __init__(self, job: Job, new: list[str]) -> None:
        self._job = job
        self._created = list(job.created)
        self.new = new
        self.not_tried: list[Record] = []

    def may_be_tried(self, operation: Any) -> bool:
        """Whether an operation of the spec is tried at all."""
        method, path = operation.method.upper(), operation.path
        label = f"{method} {path}"
        if method in READ_METHODS or label == self._job.login_operation:
            return True
        if not self._job.writes:
            return False
        reaches_own = ids_for(path, self._created) is not None or ("{" not in path and method == "POST")
        if self._job.disposable or reaches_own:
            return True
        if all(record.operation != label for record in self.not_tried):
            reason = "this check created nothing that it could be sent to"
            self.not_tried.append(
                Record(self._job.api, "conformance", "conformance.writes", label, NOT_TRIED, reason=reason)
            )
        return False

    def before_call(self, context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        """Replace the ids of a writing request by those of a created resource."""
        method, path = case.method.upper(), case.operation.path
        if self._job.disposable or method in READ_METHODS or "{" not in path:
            return
        if not is_created(_filled(path, case.path_parameters or {}), self._created):
            case.path_parameters = ids_for(path, self._created)

    def after_call(self, context: Any, case: Any, response: Any) -> None:
        """Remember what a successful POST created."""
        path = case.operation.path
        if case.method.upper() != "POST" or f"POST {path}" == self._job.login_operation:
            return
        if response.status_code // 100 == 2:
            location = (response.headers.get("location") or [None])[0]
            made = created_path(_filled(path, case.path_parameters or {}), response.content or b"", location)
            self.new.append(made)
            self._created.append(made)


def _filled(path: str, ids: dict[str, Any]) -> str:
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path
