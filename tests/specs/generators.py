"""Generates clients from the specs with third-party generators, and calls every operation of the stand-in with them.

``python -m tests.specs.generators`` tries all of them; ``tests/specs/test_generators.py`` those that install in seconds. What
each needs is in ``docs/how-to/generate-a-client.md``. Programs take seconds to start: each that can generates, or checks, the
clients of all specs at once.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import CompletedProcess

from tests.specs.client_calls import Statuses, Task, answered, listed, unexpected
from tests.specs.tools import ROOT, SPECS, npx, run, run_python
from tests.specs.typescript_clients import hey_api, orval

from counterfoil import openapi
from counterfoil.testing import Sandbox

BIN = Path(sys.executable).parent


def served_at(sandbox: Sandbox, api: str) -> str:
    return f"{sandbox.server.origin}/_sandbox/v1" if api == "control" else sandbox.url(api)


def mypy(targets: Sequence[Path], folder: Path) -> CompletedProcess[str]:
    """Type-check files or packages. Without a cache: it would not be read again, and writing it takes a quarter of the time."""
    return run(BIN / "mypy", "--ignore-missing-imports", "--cache-dir", os.devnull, *targets, cwd=folder)


# --- openapi-python-client -----------------------------------------------------------------------


def openapi_python_client(tasks: Sequence[Task], folder: Path) -> Statuses:
    """The response of each operation. The clients are type-checked first."""
    targets = [folder / f"{each.name}_client" for each in tasks]
    generate_python([with_one_type(each.spec, folder) for each in tasks], targets)
    checked = mypy(targets, folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    work = [
        (target.name, each.base, each.headers, listed(each.spec)) for target, each in zip(targets, tasks, strict=True)
    ]
    (folder / "work.json").write_text(json.dumps(work), encoding="utf-8")
    (folder / "call.py").write_text(_CALL_PYTHON, encoding="utf-8")
    return answered(run(sys.executable, folder / "call.py", cwd=folder), tasks)


def generate_python(specs: Sequence[Path], targets: Sequence[Path]) -> None:
    """Generate a package from each spec, in its target."""
    config = targets[0].with_name("openapi-python-client.json")
    # Without Ruff, which takes as long as the generator. It only tidies, and makes *args of __exit__ objects, which mypy
    # then finds fault with.
    config.write_text(json.dumps({"post_hooks": []}), encoding="utf-8")
    options = ("--meta", "none", "--overwrite", "--fail-on-warning", "--config", config)
    run_python(
        "openapi_python_client.cli:app",
        [
            ("generate", "--path", spec, "--output-path", target, *options)
            for spec, target in zip(specs, targets, strict=True)
        ],
    )


def with_one_type(spec: Path, folder: Path) -> Path:
    """The document for openapi-python-client, which gives members ``type`` and ``@type`` one Python name and then leaves
    their schema out: in a copy ``@type`` is one of the additional properties. Of two media types of a body, which it takes
    for an optional body, the copy has the first. What is on the wire stays the same."""
    document = openapi.parse(spec.read_bytes(), str(spec))
    changed = False
    for schema in document["components"]["schemas"].values():
        parts = [schema, *(each for each in schema.get("allOf", ()) if "properties" in each)]
        if {"type", "@type"} <= {name for part in parts for name in part.get("properties", {})}:
            changed = True
            for part in parts:
                part["properties"] = {
                    name: each for name, each in part.get("properties", {}).items() if name != "@type"
                }
                part["required"] = [name for name in part.get("required", ()) if name != "@type"]
                part["additionalProperties"] = True
    if not changed:
        return spec
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "content" in operation.get("requestBody", {}):
                content = operation["requestBody"]["content"]
                operation["requestBody"]["content"] = dict(list(content.items())[:1])
    (folder / spec.parent.name).mkdir()
    copy = folder / spec.parent.name / "openapi.json"
    copy.write_text(json.dumps(document), encoding="utf-8")
    return copy


_CALL_PYTHON = """
import importlib, inspect, json, pathlib, re, typing

for package, base, headers, calls in json.loads(pathlib.Path("work.json").read_text()):
    client = importlib.import_module(package).Client(base_url=base, headers=headers, raise_on_unexpected_status=True)
    modules = {p.stem.replace("_", ""): p for p in pathlib.Path(package, "api").glob("*/*.py")}
    answers = {}
    for call in calls:
        path = modules[call["operation"].replace("_", "").lower()]
        module = importlib.import_module(".".join(path.with_suffix("").parts))
        hints = typing.get_type_hints(module.sync_detailed)
        given = {re.sub(r"\\W", "", name).replace("_", "").lower(): v for name, v in (call["path"] | call["query"]).items()}
        arguments = {"client": client}
        for name, parameter in inspect.signature(module.sync_detailed).parameters.items():
            if name == "body" and call["body"] is not None:
                models = [each for each in (typing.get_args(hints["body"]) or [hints["body"]]) if hasattr(each, "from_dict")]
                def fits(model):
                    try:
                        return model.from_dict(dict(call["body"])).to_dict() == call["body"]
                    except (KeyError, ValueError, TypeError):
                        return False
                arguments["body"] = next(model for model in models if fits(model)).from_dict(dict(call["body"]))
            elif name.replace("_", "").lower() in given:
                arguments[name] = given[name.replace("_", "").lower()]
        answers[call["operation"]] = int(module.sync_detailed(**arguments).status_code)
    print(json.dumps(answers))
"""


# --- datamodel-code-generator --------------------------------------------------------------------


def datamodel_code_generator(specs: Sequence[Path], folder: Path) -> dict[str, int]:
    """The number of generated models by API. They are imported with warnings as errors, and type-checked."""
    made = _generate_models(specs, folder)
    checked = mypy([file for each in made.values() for file in each], folder)
    assert checked.returncode == 0, checked.stdout
    modules = ", ".join(
        sorted({file.relative_to(folder).parts[0].removesuffix(".py") for each in made.values() for file in each})
    )
    done = run(sys.executable, "-W", "error", "-c", f"import {modules}", cwd=folder)
    assert done.returncode == 0, done.stderr
    return {
        api: sum(each.read_text(encoding="utf-8").count("\nclass ") for each in files) for api, files in made.items()
    }


def _generate_models(specs: Sequence[Path], folder: Path) -> dict[str, list[Path]]:
    """The generated files by API: one, or a package."""
    targets = {spec: folder / f"models_of_{spec.parent.name.replace('-', '_')}" for spec in specs}
    options = (
        *("--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin"),
        *("--use-annotated", "--set-default-enum-member"),
    )
    run_python(
        "datamodel_code_generator.__main__:main",
        [("--input", spec, "--output", target, *options) for spec, target in targets.items()],
    )
    return {spec.parent.name: _files(target) for spec, target in targets.items()}


def _files(target: Path) -> list[Path]:
    return [target.rename(target.with_suffix(".py"))] if target.is_file() else sorted(target.rglob("*.py"))


# --- openapi-generator ---------------------------------------------------------------------------


def openapi_generator(spec: Path, folder: Path) -> str:
    """Validates, and generates for Python, TypeScript and Java. The Python client is imported, the TypeScript one type-checked.

    Java's client is not compiled: its libraries are on neither PyPI nor npm.
    """
    tool = BIN / "openapi-generator-cli"
    done = run(tool, "validate", "-i", spec)
    assert done.returncode == 0, done.stdout
    for language in ("python", "typescript-fetch", "java"):
        done = run(tool, "generate", "-i", spec, "-g", language, "-o", folder / language)
        assert done.returncode == 0, done.stderr[-2000:]
    done = run(sys.executable, "-c", "import openapi_client", cwd=folder / "python")
    assert done.returncode == 0, done.stderr[-2000:]
    options = (
        "--noEmit",
        "--target",
        "es2022",
        "--moduleResolution",
        "bundler",
        "--module",
        "esnext",
        "--lib",
        "es2022,dom",
    )
    done = npx("tsc", *options, folder / "typescript-fetch" / "index.ts", packages=("typescript@5.9.3",))
    if not (folder / "typescript-fetch" / "index.ts").exists():
        done = npx("tsc", *options, folder / "typescript-fetch" / "src" / "index.ts", packages=("typescript@5.9.3",))
    assert done.returncode == 0, done.stdout[:2000]
    return "valid; Python imported, TypeScript type-checked, Java generated"


# --- all of them ---------------------------------------------------------------------------------


CLIENTS: dict[str, Callable[[Sequence[Task], Path], Statuses]] = {
    "openapi-python-client": openapi_python_client,
    "hey-api": hey_api,
    "orval": orval,
}
OTHERS: dict[str, Callable[[Path, Path], object]] = {
    "datamodel-code-generator": lambda spec, folder: datamodel_code_generator([spec], folder),
    "openapi-generator": openapi_generator,
}


def try_client(name: str, specs: Sequence[Path]) -> dict[str, list[str]]:
    """Generate, check and call, each API in a world of its own. Returns what went wrong, by API."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tasks = []
        for spec in specs:
            sandbox = stack.enter_context(Sandbox("demo"))
            tasks.append(Task(spec, served_at(sandbox, spec.parent.name), dict(sandbox.headers)))
        statuses = CLIENTS[name](tasks, folder)
    return {each.api: unexpected(each.spec, statuses[each.api]) for each in tasks}


def main(names: list[str]) -> int:
    """Try generators on every spec; prints a line for each pair."""
    failures = 0
    for name in names or [*CLIENTS, *OTHERS]:
        for spec in SPECS:
            try:
                if name in CLIENTS:
                    wrong = try_client(name, [spec])[spec.parent.name]
                    said = "; ".join(wrong) or "all operations called"
                else:
                    with tempfile.TemporaryDirectory() as folder:
                        wrong, said = [], str(OTHERS[name](spec, Path(folder)))
            except AssertionError as error:
                wrong, said = ["failed"], str(error)
            failures += bool(wrong)
            print(f"{name}: {spec.relative_to(ROOT)}: {'WRONG: ' if wrong else ''}{said}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
