"""Shows requests that take long, as tasks."""

from __future__ import annotations

from counterfoil.api import Json, Request, Response
from counterfoil.asgi import CONTROL_PREFIX
from counterfoil.control.tasks import ShownTask, Task
from counterfoil.control.world_service import WorldService


def show_task(service: WorldService, request: Request) -> Response:
    task = service.tasks.find(request.path["task"])
    response = task.response
    shown = {**_task(task, response), "status": None, "answer": None}
    if response is None:
        return Response(200, shown, (("Retry-After", "1"),))
    return Response(200, {**shown, "status": response.status, "answer": response.body})


def accepted(task: Task) -> Response:
    """202 with the location of the task."""
    headers = (("Location", f"{CONTROL_PREFIX}/tasks/{task.name}"), ("Retry-After", "1"))
    return Response(202, _task(task, None), headers)


def _task(task: Task | ShownTask, response: Response | None) -> dict[str, Json]:
    return {
        "task": task.name,
        "operation": task.operation,
        "state": "running" if response is None else "ended",
        "seconds": round(task.seconds, 3),
    }
