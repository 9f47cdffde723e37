"""Keeps Schemathesis from changing resources that the check did not create, and records those it creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from counterfoil.contract.created import created_paths, filled_path, ids_for, is_created, member_path
from counterfoil.contract.law import CreatedMember
from counterfoil.contract.verdict import NOT_APPLICABLE, NOT_TRIED, Record, Status
from counterfoil.openapi.path_templates import PARAMETER

if TYPE_CHECKING:
    from counterfoil.contract.conformance.run import Job

READ_METHODS = ("GET", "HEAD", "OPTIONS")


class WriteGuard:
    """Hooks of Schemathesis for one job.

    At a target that is not disposable, an operation that writes to a single resource is only sent with the id of a resource
    that this check created: an id from the spec's examples may be that of a real one. ``new`` are the paths created here and
    not deleted, ``left_out`` the operations that are not tried.
    """

    def __init__(self, job: Job, new: list[str]) -> None:
        self._job = job
        self._created = list(job.created)
        self._members = {name: CreatedMember(*each) for name, each in job.created_members.items()}
        self._replaced: set[str] = set()
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
        if not is_created(_path_of(case), self._created):
            case.path_parameters = ids_for(path, self._created)
            self._replaced.add(case.id)

    def after_call(self, context: Any, case: Any, response: Any) -> None:
        """Record the resource that a successful POST created, or that a DELETE removed."""
        if case.method.upper() == "DELETE" and response.status_code // 100 == 2:
            self._note_deleted(_path_of(case))
        if case.method.upper() != "POST" or f"POST {case.operation.path}" == self._job.login_operation:
            return
        created = self._created_by(case, response)
        self.new += created
        self._created += created

    def explain(self, failure: Any, case: Any) -> bool:
        """Whether a resource was not found that Schemathesis had just created, only because the request named another one."""
        return type(failure).__name__ == "EnsureResourceAvailability" and case.id in self._replaced

    def _note_deleted(self, path: str) -> None:
        if path in self.new:
            self.new.remove(path)
        if path in self._created:  # it is still one of the check's own, but the last to be used
            self._created.remove(path)
            self._created.insert(0, path)

    def _created_by(self, case: Any, response: Any) -> list[str]:
        content = response.content or b""
        known = self._members.get(f"POST {case.operation.path}")
        if known is not None and response.status_code // 100 == 2:
            ids = _ids_of(case)
            parents = [ids[name] for name in PARAMETER.findall(case.operation.path) if name in ids]
            path = member_path(known.path, parents, content, known.shown)
            if path is not None:
                return [path]
        location = (response.headers.get("location") or [None])[0]
        return created_paths(_path_of(case), response.status_code, content, location)


def _path_of(case: Any) -> str:
    return filled_path(case.operation.path, _ids_of(case))


def _ids_of(case: Any) -> dict[str, str]:
    """The ids in a request's path; Schemathesis keeps them percent-encoded."""
    return {name: unquote(str(value)) for name, value in (case.path_parameters or {}).items()}
