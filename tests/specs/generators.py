"""Generates clients from the specs with third-party generators, and calls every operation of the stand-in with them.

``python -m tests.specs.generators`` tries all of them; ``tests/specs/test_generators.py`` those that install in seconds. What
each needs is in ``docs/how-to/generate-a-client.md``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.specs.tools import ROOT, SPECS, npx, run

from counterfoil import openapi
from counterfoil.testing import Sandbox

HEY_API = ("@hey-api/openapi-ts@0.95.0", "typescript@5.9.3")
ORVAL = ("orval@7.13.2", "typescript@5.9.3")
BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Call:
    """One operation as a client is to call it: parameters by place and name, and a body, from the spec's examples."""

    operation: str
    path: dict[str, Any]
    query: dict[str, Any]
    body: Any
    statuses: list[int]


def calls(spec: Path) -> Iterator[Call]:
    """Each operation once, with what it requires."""
    document = openapi.parse(spec.read_bytes(), str(spec))
    for operation in openapi.from_document("x", document).operations.values():
        required = [each for each in operation["parameters"] if each.get("required")]
        given = {
            where: {p["name"]: example(document, p) for p in required if p["in"] == where}
            for where in ("path", "query")
        }
        content = next(iter(operation.get("requestBody", {}).get("content", {}).values()), None)
        body = example(document, content) if content else None
        yield Call(
            operation["operationId"],
            given["path"],
            given["query"],
            body,
            [int(each) for each in operation["responses"]],
        )


def example(document: Any, node: Any) -> Any:
    """An example of a parameter or a body: its own, or its schema's."""
    if "example" in node:
        return node["example"]
    for each in node.get("examples", {}).values():
        return openapi.resolve(document, each)["value"]
    schema = openapi.resolve(document, node["schema"])
    assert "example" in schema, node
    return schema["example"]


def served_at(sandbox: Sandbox, api: str) -> str:
    return f"{sandbox.server.origin}/_sandbox/v1" if api == "control" else sandbox.url(api)


# --- openapi-python-client -----------------------------------------------------------------------


def openapi_python_client(spec: Path, folder: Path, base: str, headers: dict[str, str]) -> dict[str, int]:
    """The status that each operation answered, by operationId. The client is type-checked first."""
    target = folder / "generated_client"
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = run(
        *(BIN / "openapi-python-client", "generate", "--path", spec, "--output-path", target, "--meta", "none"),
        *("--overwrite", "--fail-on-warning"),
        PATH=path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    checked = run(BIN / "mypy", "--ignore-missing-imports", target, cwd=folder)
    # client.py is the same for every document, and mypy 1.18 finds fault with how it passes on __exit__'s arguments
    mistakes = [
        each for each in checked.stdout.splitlines() if "error:" in each and "generated_client/client.py" not in each
    ]
    assert mistakes == []
    (folder / "calls.json").write_text(json.dumps([vars(each) for each in calls(spec)]), encoding="utf-8")
    (folder / "call.py").write_text(_CALL_PYTHON, encoding="utf-8")
    return answered(run(sys.executable, folder / "call.py", base, json.dumps(headers), cwd=folder))


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
import importlib, inspect, json, pathlib, re, sys, typing
from generated_client import Client

base, headers = sys.argv[1], json.loads(sys.argv[2])
client = Client(base_url=base, headers=headers, raise_on_unexpected_status=True)
modules = {p.stem.replace("_", ""): p for p in pathlib.Path("generated_client/api").glob("*/*.py")}
answers = {}
for call in json.loads(pathlib.Path("calls.json").read_text()):
    module = importlib.import_module(".".join(modules[call["operation"].replace("_", "").lower()].with_suffix("").parts))
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


def datamodel_code_generator(spec: Path, folder: Path) -> int:
    """How many models were made. They are imported with warnings as errors, and type-checked."""
    target = folder / "generated_models"
    done = run(
        *(BIN / "datamodel-codegen", "--input", spec, "--input-file-type", "openapi", "--output", target),
        *(
            "--output-model-type",
            "pydantic_v2.BaseModel",
            "--formatters",
            "builtin",
            "--use-annotated",
            "--set-default-enum-member",
        ),
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = [target] if target.is_file() else sorted(target.rglob("*.py"))
    if target.is_file():
        files = [target.rename(folder / "generated_models.py")]
    checked = run(BIN / "mypy", "--ignore-missing-imports", *files, cwd=folder)
    assert checked.returncode == 0, checked.stdout
    done = run(sys.executable, "-c", "import generated_models", cwd=folder)
    assert done.returncode == 0, done.stderr
    return sum(each.read_text(encoding="utf-8").count("\nclass ") for each in files)


# --- TypeScript ----------------------------------------------------------------------------------


def hey_api(spec: Path, folder: Path, base: str, headers: dict[str, str]) -> dict[str, int]:
    """The status that each operation answered, by operationId. The client is type-checked first."""
    done = npx("openapi-ts", "-i", spec, "-o", folder / "sdk", packages=HEY_API)
    assert done.returncode == 0, done.stdout + done.stderr
    call = """
    import { client } from "./sdk/client.gen";
    import * as sdk from "./sdk/sdk.gen";
    client.setConfig({ baseUrl: BASE, headers: HEADERS });
    const call = (c: Call) => (sdk as any)[name(c, sdk)]({ path: c.path, query: c.query, body: c.body ?? undefined })
        .then((r: any) => r.response.status);
    """
    return _call_typescript(spec, folder, base, headers, call, HEY_API)


def orval(spec: Path, folder: Path, base: str, headers: dict[str, str]) -> dict[str, int]:
    """The status that each operation answered, by operationId. The client is type-checked first."""
    config = {
        "api": {"input": str(spec), "output": {"target": str(folder / "sdk.ts"), "client": "fetch", "baseUrl": base}}
    }
    (folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(config)};", encoding="utf-8")
    done = npx("orval", "--config", folder / "orval.config.cjs", packages=ORVAL)
    assert (folder / "sdk.ts").exists(), done.stdout + done.stderr
    call = """
    import * as sdk from "./sdk";
    const call = (c: Call) => (sdk as any)[name(c, sdk)](...[
        ...Object.values(c.path), ...(c.body === null ? [] : [c.body]),
        ...(Object.keys(c.query).length ? [c.query] : (sdk as any)[name(c, sdk)].length > 0 && c.hasQuery ? [undefined] : []),
        { headers: HEADERS },
    ]).then((r: any) => r.status);
    """
    return _call_typescript(spec, folder, base, headers, call, ORVAL)


def _call_typescript(
    spec: Path, folder: Path, base: str, headers: dict[str, str], call: str, packages: tuple[str, ...]
) -> dict[str, int]:
    document = openapi.parse(spec.read_bytes(), str(spec))
    with_query = {
        operation["operationId"]: any(each["in"] == "query" for each in operation["parameters"])
        for operation in openapi.from_document("x", document).operations.values()
    }
    listed = [vars(each) | {"hasQuery": with_query[each.operation]} for each in calls(spec)]
    (folder / "call.ts").write_text(
        f"""
    type Call = {{ operation: string; path: any; query: any; body: any; hasQuery: boolean }};
    declare const require: any;
    const BASE = {json.dumps(base)}, HEADERS = {json.dumps(headers)};
    const calls: any[] = {json.dumps(listed)};
    const plain = (text: string) => text.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
    const name = (c: Call, sdk: any) => Object.keys(sdk).find((each) => plain(each) === plain(c.operation))!;
    {call}
    (async () => {{
        const answers: any = {{}};
        for (const c of calls) if (name(c, sdk)) answers[c.operation] = await call(c);
        console.log(JSON.stringify(answers));
    }})();
    """,
        encoding="utf-8",
    )
    options = {
        "target": "es2022",
        "module": "commonjs",
        "moduleResolution": "node10",
        "strict": True,
        "outDir": "built",
    }
    options |= {"lib": ["es2022", "dom", "dom.iterable"], "types": [], "skipLibCheck": True}
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "include": ["**/*.ts"]}), encoding="utf-8"
    )
    checked = npx("tsc", "-p", folder, packages=packages)
    assert checked.returncode == 0, checked.stdout[:3000]
    return answered(run("node", folder / "built" / "call.js"))


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


# --- what came of it -----------------------------------------------------------------------------


def answered(done: Any) -> dict[str, int]:
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


def unexpected(spec: Path, statuses: dict[str, int]) -> list[str]:
    """What went wrong: an operation that was not called, or did not succeed.

    Of the control API, some operations of one world make the next fail as documented, such as deleting it.
    """
    wanted = {each.operation: [s for s in each.statuses if s < 300 or "control" in spec.parts] for each in calls(spec)}
    # orval 7.13 makes no function for OPTIONS
    found = [f"{name} was not called" for name in wanted if name not in statuses and not name.startswith("options")]
    return found + [f"{name} answered {s}" for name, s in statuses.items() if s not in wanted.get(name, [])]


CLIENTS: dict[str, Callable[[Path, Path, str, dict[str, str]], dict[str, int]]] = {
    "openapi-python-client": lambda spec, folder, base, headers: openapi_python_client(
        with_one_type(spec, folder), folder, base, headers
    ),
    "hey-api": hey_api,
    "orval": orval,
}
OTHERS: dict[str, Callable[[Path, Path], object]] = {
    "datamodel-code-generator": datamodel_code_generator,
    "openapi-generator": openapi_generator,
}


def try_client(name: str, spec: Path) -> dict[str, int]:
    """Generate, check and call, in a world of its own. Returns the statuses."""
    with tempfile.TemporaryDirectory() as folder, Sandbox("demo") as sandbox:
        return CLIENTS[name](spec, Path(folder), served_at(sandbox, spec.parent.name), dict(sandbox.headers))


def main(names: list[str]) -> int:
    """Try generators on every spec; prints a line for each pair."""
    failures = 0
    for name in names or [*CLIENTS, *OTHERS]:
        for spec in SPECS:
            try:
                if name in CLIENTS:
                    statuses = try_client(name, spec)
                    wrong = unexpected(spec, statuses)
                    said = "; ".join(wrong) or f"{len(statuses)} operations called"
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
