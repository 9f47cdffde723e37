"""Generates TypeScript clients from the specs, type-checks those of all specs at once, and calls every operation with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.specs.client_calls import Statuses, Task, answered, listed
from tests.specs.tools import npx, run

from counterfoil import openapi

# hey-api generates with the API of TypeScript 5, which 7 has not; 7 type-checks in an eighth of the time
TYPESCRIPT = ("typescript@7.0.2",)
HEY_API = ("@hey-api/openapi-ts@0.95.0", "typescript@5.9.3")
ORVAL = ("orval@7.13.2", "typescript@5.9.3")


def hey_api(tasks: Sequence[Task], folder: Path) -> Statuses:
    """The response of each operation. The clients are type-checked first."""
    config = [{"input": str(each.spec), "output": str(folder / each.api / "sdk")} for each in tasks]
    (folder / "openapi-ts.config.cjs").write_text(f"module.exports = {json.dumps(config)};", encoding="utf-8")
    done = npx("openapi-ts", "-f", folder / "openapi-ts.config.cjs", packages=HEY_API, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    call = """
    import { client } from "./sdk/client.gen";
    import * as sdk from "./sdk/sdk.gen";
    client.setConfig({ baseUrl: BASE, headers: HEADERS });
    const call = (c: Call) => (sdk as any)[name(c, sdk)]({ path: c.path, query: c.query, body: c.body ?? undefined })
        .then((r: any) => r.response.status);
    """
    return _call_typescript(tasks, folder, call)


def orval(tasks: Sequence[Task], folder: Path) -> Statuses:
    """The response of each operation. The clients are type-checked first."""
    config = {
        each.name: {
            "input": str(each.spec),
            "output": {"target": str(folder / each.api / "sdk.ts"), "client": "fetch", "baseUrl": each.base},
        }
        for each in tasks
    }
    (folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(config)};", encoding="utf-8")
    done = npx("orval", "--config", folder / "orval.config.cjs", packages=ORVAL)
    assert all((folder / each.api / "sdk.ts").exists() for each in tasks), done.stdout + done.stderr
    call = """
    import * as sdk from "./sdk";
    const call = (c: Call) => (sdk as any)[name(c, sdk)](...[
        ...Object.values(c.path), ...(c.body === null ? [] : [c.body]),
        ...(Object.keys(c.query).length ? [c.query] : (sdk as any)[name(c, sdk)].length > 0 && c.hasQuery ? [undefined] : []),
        { headers: HEADERS },
    ]).then((r: any) => r.status);
    """
    return _call_typescript(tasks, folder, call)


def _call_typescript(tasks: Sequence[Task], folder: Path, call: str) -> Statuses:
    """Type-check the clients of all APIs, each in its folder, and call their operations."""
    for each in tasks:
        (folder / each.api / "call.ts").write_text(_calls_in_typescript(each, call), encoding="utf-8")
    options = {
        "target": "es2022",
        "module": "commonjs",
        "moduleResolution": "bundler",
        "strict": True,
        "rootDir": ".",
        "outDir": "built",
    }
    options |= {"lib": ["es2022", "dom", "dom.iterable"], "types": [], "skipLibCheck": True}
    (folder / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": options, "include": ["**/*.ts"]}), encoding="utf-8"
    )
    checked = npx("tsc", "-p", folder, packages=TYPESCRIPT)
    assert checked.returncode == 0, checked.stdout[:3000]
    (folder / "calls.cjs").write_text(
        _CALLS.replace("APIS", json.dumps([each.api for each in tasks])), encoding="utf-8"
    )
    return answered(run("node", folder / "calls.cjs"), tasks)


_CALLS = """
(async () => {
    for (const api of APIS) {
        console.error(api);  // the last one is what failed
        console.log(JSON.stringify(await require(`./built/${api}/call.js`).answers));
    }
})();
"""


def _calls_in_typescript(task: Task, call: str) -> str:
    document = openapi.parse(task.spec.read_bytes(), str(task.spec))
    with_query = {
        operation["operationId"]: any(each["in"] == "query" for each in operation["parameters"])
        for operation in openapi.from_document("x", document).operations.values()
    }
    made = [each | {"hasQuery": with_query[each["operation"]]} for each in listed(task.spec)]
    return f"""
    type Call = {{ operation: string; path: any; query: any; body: any; hasQuery: boolean }};
    const BASE = {json.dumps(task.base)}, HEADERS = {json.dumps(task.headers)};
    const calls: any[] = {json.dumps(made)};
    const plain = (text: string) => text.replace(/[^A-Za-z0-9]/g, "").toLowerCase();
    const name = (c: Call, sdk: any) => Object.keys(sdk).find((each) => plain(each) === plain(c.operation))!;
    {call}
    export const answers = (async () => {{
        const answers: any = {{}};
        for (const c of calls) if (name(c, sdk)) answers[c.operation] = await call(c);
        return answers;
    }})();
    """
