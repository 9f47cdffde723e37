"""Serves unchanged OpenAPI documents, calls every operation through all layers, and prints the results.

    python -m benchmarks.own_documents DIR|FILE… [--verbose]

Each document is read, served and called in a process of its own, and started a second time in another. The columns:

* ``notices``: places of the document that could not be understood
* ``read``: seconds to read it for the first time; ``again``: for the second time; ``set up``: to build the server then
* ``MB``: memory of the second start, validators compiled
* ``valid``: operations that answered with a success the document allows; ``501``: those that said why they
  cannot; ``other``: the rest
* ``state``: operations that answered from state
* ``list``, ``same id``, ``unknown``, ``gone``: lists that are 200; members that have the id asked for; unknown ids that are
  404 (or as documented); deleted members that are gone
* ``sent``: fields sent on create, of those that the member has, that come back as sent
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

Json = Any


class Caller:
    """Calls one served document, in this process."""

    def __init__(self, path: Path) -> None:
        from counterfoil.apis.generic import build_api
        from counterfoil.apis.generic.document import Document
        from counterfoil.apis.generic.inference.infer import infer
        from counterfoil.apis.generic.rows import GeneratedRows
        from counterfoil.lookup import scenario
        from counterfoil.openapi import read_document
        from counterfoil.server.app import build_server
        from counterfoil.world.worlds import Worlds

        started = time.perf_counter()
        self.spec = read_document(path)
        self.read_seconds = time.perf_counter() - started
        self.api = build_api(self.spec, prefix="/own")
        self.worlds = Worlds(scenario)
        self.worlds.create("default", "quiet")
        self.server = build_server([self.api], self.worlds.get)
        self.document = Document(self.spec, infer(self.spec))
        self.generated = GeneratedRows(self.document, 25, 0)
        self.model = self.document.model
        self.loop = asyncio.new_event_loop()

    def call(
        self, method: str, path: str, query: dict[str, Json], headers: dict[str, str], body: bytes
    ) -> tuple[int, Json]:
        """Status and parsed body."""
        got: dict[str, Any] = {"body": b""}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                got["status"] = message["status"]
            else:
                got["body"] += message.get("body", b"")

        raw = f"/own{path}".encode("ascii")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": raw.decode(), "raw_path": raw, "query_string": urlencode(query, doseq=True).encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode("utf-8")) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "extensions": {},
        }  # fmt: skip
        self.loop.run_until_complete(self.server(scope, receive, send))
        with contextlib.suppress(ValueError):
            return got["status"], json.loads(got["body"]) if got["body"] else None
        return got["status"], got["body"]

    # --- requests --------------------------------------------------------------------------------

    def operation(
        self,
        name: str,
        ids: dict[str, str],
        body: Json = None,
        known: tuple[Any, str] | None = None,
        query: dict[str, Json] | None = None,
    ) -> tuple[int, Json]:
        """Call an operation with values that the document allows; ``ids`` are path parameters that are known, ``known`` is a
        place in the body and its value."""
        operation = self.spec.operations[name]
        method, _, path = name.partition(" ")
        query = dict(query or {})
        headers = {"authorization": "Bearer counterfoil-key", "x-api-key": "counterfoil-key", "accept": "*/*"}
        headers |= self._credentials(operation, query)
        for each in operation.get("parameters") or ():
            self._parameter(each, ids, query, headers, name)
        for key, value in self._path(name, ids).items():
            path = path.replace(f"{{{key}}}", quote(value, safe=""))
        kind, payload = (
            self._body(operation, name, known) if body is None else ("application/json", json.dumps(body).encode())
        )
        if payload:
            headers["content-type"] = kind
            headers["content-length"] = str(len(payload))
        return self.call(method, path, query, headers, payload)

    def _credentials(self, operation: Json, query: dict[str, Json]) -> dict[str, str]:
        schemes = self.spec.raw.get("components", {}).get("securitySchemes", {})
        headers: dict[str, str] = {}
        cookies = []
        for requirement in operation.get("security") or ():
            for scheme in requirement:
                said = schemes.get(scheme, {})
                if said.get("type") == "apiKey" and said.get("in") == "query":
                    query[said["name"]] = "counterfoil-key"
                elif said.get("type") == "apiKey" and said.get("in") == "cookie":
                    cookies.append(f"{said['name']}=counterfoil-key")
                elif said.get("type") == "apiKey" and said.get("name", "").lower() != "authorization":
                    headers[said["name"].lower()] = "counterfoil-key"
                elif said.get("type") == "http" and said.get("scheme", "").lower() == "basic":
                    headers["authorization"] = "Basic Y291bnRlcmZvaWw6a2V5"
            if headers.get("authorization"):
                break
        return headers | ({"cookie": "; ".join(cookies)} if cookies else {})

    def _parameter(self, each: Json, ids: dict[str, str], query: Json, headers: Json, name: str) -> None:
        if each["in"] == "path":
            if each["name"] not in ids:
                ids[each["name"]] = str(self._value(each, name))
        elif each.get("required") and each["name"] not in query:
            value = self._value(each, name)
            if each["in"] == "query":
                if isinstance(value, dict):
                    query.update({f"{each['name']}[{key}]": inner for key, inner in value.items()})
                else:
                    query[each["name"]] = str(value).lower() if isinstance(value, bool) else value
            elif each["in"] == "header" and each["name"].lower() not in ("authorization", "content-type"):
                headers[each["name"].lower()] = str(value).lower() if isinstance(value, bool) else str(value)
            elif each["in"] == "cookie":
                headers["cookie"] = f"{each['name']}={value}"

    def _value(self, each: Json, name: str) -> Json:
        schema = each.get("schema", {})
        return self.document.values.make(schema, f"request/{name}/{each['name']}", row=0)

    def _path(self, name: str, ids: dict[str, str]) -> dict[str, str]:
        return {key: value for key, value in ids.items() if f"{{{key}}}" in name}

    def sample(self, name: str) -> Json:
        """A body for an operation, as JSON values."""
        from counterfoil.apis.generic.data.fitting import fit
        from counterfoil.apis.generic.documented_responses import request_schema

        schema = request_schema(self.spec.operations[name])
        if schema is None:
            return None
        checks = self.document.schemas.validator(schema, "request")
        return fit(self.document.values, schema, checks, f"request/{name}", row=1, sent=True)

    def _body(self, operation: Json, name: str, known: tuple[Any, str] | None = None) -> tuple[str, bytes]:
        from counterfoil.apis.generic.data.values import Unmakeable
        from counterfoil.apis.generic.documented_responses import is_json

        content = (operation.get("requestBody") or {}).get("content") or {}
        if not content:
            return "", b""
        try:
            value = self.sample(name)
        except Unmakeable:
            value = {}
        if known is not None:
            _put(value, *known)
        pages = self.model.operations[name].pages
        for place in (pages.at, pages.before) if self.model.operations[name].asks == "body" else ():
            _drop(value, place)  # a position that this list did not give
        kind = next((each for each in content if is_json(each)), None)
        if kind is not None:
            return ("application/json" if "*" in kind else kind), json.dumps(
                value if value is not None else {}
            ).encode()
        if "application/x-www-form-urlencoded" in content:
            return "application/x-www-form-urlencoded", urlencode(_flat(value or {})).encode()
        if any(each.startswith("multipart/") for each in content):
            parts = "".join(
                f'--b\r\ncontent-disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in _flat(value or {})
            )
            return "multipart/form-data; boundary=b", f"{parts}--b--\r\n".encode()
        return next(iter(content)), b"x"


def _flat(value: Json, prefix: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in _flat(each, f"{prefix}[{key}]" if prefix else key)]
    if isinstance(value, list):
        return [pair for index, each in enumerate(value) for pair in _flat(each, f"{prefix}[{index}]")]
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return [(prefix, text)]


class Measured:
    """What is counted for one document."""

    def __init__(self, path: Path, *, verbose: bool) -> None:
        self.caller = Caller(path)
        self.counts: Counter[str] = Counter()
        self.verbose = verbose
        self.failures: list[str] = []

    def run(self) -> None:
        model = self.caller.model
        order = {
            "list": 0,
            "read": 1,
            "read_one": 1,
            "create": 2,
            "update": 3,
            "replace": 3,
            "action": 4,
            "delete": 9,
            "delete_one": 9,
        }
        called = sorted(model.operations.items(), key=lambda each: order.get(each[1].role, 5))
        for name, operation in called:
            if operation.role != "clear":
                self._called(name, operation)
        for collection in model.collections.values():
            self._laws(collection)
        cleared = [each for each in called if each[1].role == "clear"]  # takes all members; those below others first
        for name, operation in sorted(cleared, key=lambda each: -each[0].count("/")):
            self._called(name, operation)

    def _ids(self, collection: Any, row: int = 0) -> dict[str, str]:
        """Path parameters of a collection's parents and of one of its members."""
        caller = self.caller
        ids: dict[str, str] = {}
        above: list[str] = []
        for parent in collection.parents:
            owner = caller.model.collections.get(parent.collection) if parent.collection else None
            if owner is not None:
                before = len(above) - max(0, len(owner.parts) - 1)
                chain = above[before - len(owner.parents) : before] if owner.parents else []
                known = self._members(owner, "/".join(chain))
                value = known[0] if known else "x"
                if owner.parts and known:  # several parameters identify it
                    *parts, value = value.split("/")
                    above[before:] = parts
                    ids.update(zip(list(ids)[before:], parts, strict=True))
            else:
                value = self._free(parent.parameter, collection.path)
            above.append(value)
            ids[f"{len(above)} {parent.parameter}"] = value
        if not collection.is_single:
            members = self._members(collection, "/".join(above))
            own = members[min(row, len(members) - 1)] if members else "x"
            *parts, ids["the member's own"] = own.split("/") if collection.parts else [own]
            if parts:
                last = ids.pop("the member's own")
                ids |= {f"part {number}": each for number, each in enumerate(parts)} | {"the member's own": last}
        return ids

    def _free(self, parameter: str, path: str) -> str:
        for name, operation in self.caller.spec.operations.items():
            if name.partition(" ")[2].startswith(path.rpartition("/")[0]):
                for each in operation.get("parameters") or ():
                    if each["in"] == "path" and each["name"] == parameter:
                        return str(
                            self.caller.document.values.make(each.get("schema", {}), f"request/{parameter}", row=0)
                        )
        return "x"

    def _members(self, collection: Any, parent: str) -> list[str]:
        world = self.caller.worlds.get("default")
        assert world is not None
        return list(self.caller.generated.ids.all(self.caller.generated.key(world, collection, parent), collection))

    def _called(self, name: str, operation: Any) -> None:
        collection = self.caller.model.collections.get(operation.collection)
        ids = (
            self._ids(collection, 24 if operation.role in ("delete", "delete_one") else 2)
            if collection is not None
            else {}
        )
        scoped: dict[str, str] = {}
        own_path = collection.path if collection is not None else name.partition(" ")[2]
        for parameter, _, path in operation.scope:
            owner = self.caller.model.collections.get(path)
            above = list(scoped.values())[len(scoped) - len(owner.parents) :] if owner is not None else []
            known = self._members(owner, "/".join(above)) if owner is not None else []
            scoped[parameter] = known[0] if known else self._free(parameter, own_path)
        if operation.key:
            ids["the member's own"] = self._key_of(collection, operation, "/".join(list(ids.values())[:-1]))
        status, body = self._about(operation, collection, ids, scoped)
        kind = "valid" if status < 400 else "501" if status == 501 else "other"
        self.counts[kind] += 1
        self.counts["all"] += 1
        if operation.role != "made_up":
            self.counts["state"] += kind == "valid"
        if operation.role == "list":
            self.counts["lists"] += 1
            self.counts["lists ok"] += status == 200 or status == operation.status
        if kind != "valid" and self.verbose:
            self.failures.append(
                f"{status} {operation.role} {name} {json.dumps(body)[:220] if not isinstance(body, bytes) else body[:200]}"
            )

    def _about(
        self, operation: Any, collection: Any, ids: dict[str, str], scoped: dict[str, str] | None = None
    ) -> tuple[int, Json]:
        """Call an operation about one member: its id is in the path, in the body, or in the query."""
        known, query = None, {}
        own: Any = ids.get("the member's own")
        if operation.role == "clear" and 0 not in operation.id_at:
            own = None if own is None else [own]
        if operation.id_at and own is not None:
            known = (*operation.body, *operation.id_at), own
        elif operation.id_query and own is not None:
            query = {operation.id_query: own}
        return self.caller.operation(
            operation.name, scoped or self._named(operation.name, ids), known=known, query=query
        )

    def _key_of(self, collection: Any, operation: Any, above: str) -> str:
        """The value of the field by which a path names a member, from the first member that has it."""
        from counterfoil.apis.generic.member_store import MemberStore

        world = self.caller.worlds.get("default")
        assert world is not None
        members = list(MemberStore(self.caller.generated, world, self.caller.spec.name).all(collection, above))
        members = members[::-1] if operation.role == "delete" else members
        return next((str(value) for each in members if (value := _at(each.value, operation.key)) is not None), "x")

    def _named(self, name: str, ids: dict[str, str]) -> dict[str, str]:
        """The ids under the names of this operation's path parameters; in order, if the names differ."""
        names = [each.partition("}")[0] for each in name.partition(" ")[2].split("{")[1:]]
        return dict(zip(names, ids.values(), strict=False))

    def _laws(self, collection: Any) -> None:
        by_role: dict[str, list[Any]] = {}
        for each in self.caller.model.operations.values():
            if each.collection == collection.path:
                by_role.setdefault(each.role, []).append(each)
        reads = [
            each
            for each in by_role.get("read", ())
            if self.caller.document.answer(each.name).is_json and not each.first and not each.key
        ]
        if not reads or not collection.id:
            self._create(collection, by_role)
            return
        read = reads[0]
        if "list" in by_role:
            for row in (0, 1):
                ids = self._ids(collection, row)
                status, body = self._about(read, collection, ids)
                same = status == read.status and str(_at(body, (*read.at, *collection.id))) == ids["the member's own"]
                self._count("items", same, f"same id: {read.name} {status} {ids} {str(body)[:200]}")
            self._unknown(collection, read)
        for delete in [each for each in by_role.get("delete", ()) if not each.key][:1]:
            self._gone(collection, read, delete)
        self._create(collection, by_role)

    def _count(self, what: str, ok: bool, text: str) -> None:
        self.counts[what] += 1
        self.counts[f"{what} ok"] += ok
        if not ok and self.verbose:
            self.failures.append(text)

    def _unknown(self, collection: Any, read: Any) -> None:
        ids = self._ids(collection)
        world = self.caller.worlds.get("default")
        assert world is not None
        above = "/".join(list(ids.values())[: len(collection.parents)])
        ids["the member's own"] = self.caller.generated.ids.at(
            self.caller.generated.key(world, collection, above), collection, 4_000_001
        )
        if any(isinstance(each.get("enum"), list) for each in self.caller.document.id_schemas(collection)):
            return  # every id that the document lists is there
        status, body = self._about(read, collection, ids)
        self._count("unknown", status in (404, 410), f"unknown: {read.name} {status} {str(body)[:200]}")

    def _gone(self, collection: Any, read: Any, delete: Any) -> None:
        ids = self._ids(collection, 3)
        status, body = self._about(delete, collection, ids)
        after, _ = self._about(read, collection, ids)
        self._count(
            "gone", status < 400 and after in (404, 410), f"gone: {delete.name} {status} then {after} {str(body)[:200]}"
        )

    def _create(self, collection: Any, by_role: dict[str, list[Any]]) -> None:
        from counterfoil.apis.generic.handlers.member_changes import MemberChanges

        for create in by_role.get("create", ())[:1]:
            if "requestBody" not in self.caller.spec.operations[create.name]:
                continue
            try:
                sent = self.caller.sample(create.name)
            except Exception:
                continue
            ids = self._ids(collection)
            ids.pop("the member's own", None)
            status, body = self.caller.operation(create.name, self._named(create.name, ids))
            if status >= 400 or not isinstance(body, dict | list):
                continue
            shown = _at(body, create.at)
            fields = MemberChanges(self.caller.document).fields(collection, _at(sent, create.body))
            members = self.caller.document.reader.properties(
                self.caller.document.reader.member(self.caller.document.answer(create.name).schema, create.at)
            )
            for field, value in fields.items():
                said = self.caller.document.reader.merged(members.get(field, {}))
                owned = said.get("readOnly") or said.get("writeOnly")
                if isinstance(shown, dict) and field in members and not owned and value not in ({}, []):
                    back = _is_back(value, shown.get(field))
                    self._count(
                        "sent", back, f"sent: {create.name} {field} {str(value)[:80]} -> {str(shown.get(field))[:80]}"
                    )

    def row(self) -> dict[str, Any]:
        """The figures."""
        spec = self.caller.spec
        return {
            "document": spec.name,
            "notices": len(spec.notices),
            "read": round(self.caller.read_seconds, 2),
            **dict(self.counts),
            "failures": self.failures,
        }


def second_start(path: Path) -> dict[str, Any]:
    """The cost of reading again and setting up, in a process that does nothing else."""
    from counterfoil.apis.generic import build_api
    from counterfoil.json_schema.validators import schemas_of
    from counterfoil.openapi import read_document
    from counterfoil.server.app import build_server

    began = time.perf_counter()
    spec = read_document(path)
    read = time.perf_counter()
    build_server([build_api(spec, prefix="/own")], lambda name: None)
    schemas_of(spec).compile()
    built = time.perf_counter()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    megabytes = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return {"again": round(read - began, 2), "setup": round(built - read, 2), "mb": round(megabytes)}


def _at(value: Json, place: Any) -> Json:
    from counterfoil.apis.generic.places import at

    return at(value, place)


def _is_back(sent: Json, shown: Json) -> bool:
    """Whether the response contains what was sent: it may have more, a member in place of its id, or a list in an object.

    A form cannot carry an empty list or object, and an empty text unsets what cannot be empty.
    """
    if sent in ({}, []) or (sent == "" and shown is None):
        return True
    if isinstance(sent, list) and isinstance(shown, dict):
        return any(_is_back(sent, shown[name]) for name in ("data", "items", "results", "values") if name in shown)
    if isinstance(sent, dict) and isinstance(shown, dict):
        return all(_is_back(value, shown[name]) for name, value in sent.items() if name in shown)
    if isinstance(sent, list) and isinstance(shown, list):
        return len(sent) == len(shown) and all(map(_is_back, sent, shown))
    if isinstance(shown, dict) and not isinstance(sent, dict):
        return any(str(shown.get(name)) == str(sent) for name in ("id", "gid", "uuid", "sid", "slug", "name", "value"))
    return sent == shown or str(sent) == str(shown) or (isinstance(sent, bool) and str(sent).lower() == shown)


def _drop(value: Json, name: str) -> None:
    from counterfoil.apis.generic.model import read_place

    place = read_place(name)
    above = _at(value, place[:-1]) if place else None
    if isinstance(above, dict):
        above.pop(place[-1], None)


def _put(value: Json, place: Any, new: str) -> None:
    for part in place[:-1]:
        value = value[part]
    old = value.get(place[-1])
    value[place[-1]] = int(new) if isinstance(old, int) else new


def _share(row: dict[str, Any], what: str) -> str:
    return f"{row.get(f'{what} ok', 0)}/{row.get(what, 0)}"


HEAD = (
    "document", "ops", "notices", "read", "again", "set up", "MB", "valid", "501", "other", "state", "list", "same id",
    "unknown", "gone", "sent",
)  # fmt: skip
ENDINGS = (".json", ".yaml", ".yml")


def _line(row: dict[str, Any]) -> str:
    count = row.get("all", 0) or 1
    cells = [
        row["document"], row.get("all", 0), row["notices"], row["read"], row["again"], row["setup"], row["mb"],
        row.get("valid", 0), row.get("501", 0), row.get("other", 0), f"{100 * row.get('state', 0) / count:.0f}%",
        *(_share(row, each) for each in ("lists", "items", "unknown", "gone", "sent")),
    ]  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _in_a_process(part: str, file: Path, cache: str, *more: str) -> dict[str, Any]:
    """The figures of one part. Raises ``RuntimeError`` with what the process said last."""
    command = [sys.executable, "-m", "benchmarks.own_documents", "--part", part, str(file.resolve()), *more]
    environment = {**os.environ, "COUNTERFOIL_CACHE": cache}
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root, env=environment)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["nothing said"])[-1][:200])
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _run_part(part: str, file: Path, *, verbose: bool) -> None:
    import logging

    logging.getLogger("counterfoil").setLevel(logging.CRITICAL + 1)
    if part == "again":
        print(json.dumps(second_start(file)))
        return
    measured = Measured(file, verbose=verbose)
    measured.run()
    print(json.dumps(measured.row()))


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve OpenAPI documents and call every operation.")
    parser.add_argument("files", nargs="+", type=Path, metavar="DIR|FILE")
    parser.add_argument("--verbose", action="store_true", help="say which operations did otherwise")
    parser.add_argument("--part", choices=("calls", "again"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        _run_part(options.part, options.files[0], verbose=options.verbose)
        return
    files = [
        file
        for given in options.files
        for file in (sorted(p for p in given.iterdir() if p.suffix in ENDINGS) if given.is_dir() else [given])
    ]
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    total: Counter[str] = Counter()
    failed = 0
    for file in files:
        try:
            with tempfile.TemporaryDirectory() as cache:
                row = _in_a_process("calls", file, cache, *(["--verbose"] if options.verbose else []))
                row |= _in_a_process("again", file, cache)
        except RuntimeError as error:
            failed += 1
            print(f"| {file.stem} | failed: {error} |", flush=True)
            continue
        print(_line(row), flush=True)
        for failure in row["failures"]:
            print("   ", failure)
        total.update({key: value for key, value in row.items() if isinstance(value, int)})
    print(
        _line(
            {
                "document": f"{len(files) - failed} of {len(files)}",
                "read": "",
                "again": "",
                "setup": "",
                **total,
                "mb": "",
            }
        )
    )


if __name__ == "__main__":
    main()
