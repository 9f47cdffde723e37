"""Makes the ids of rows: in the style of the document's examples, valid for the path and for the property."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from math import inf
from typing import Any

from counterfoil.apis.generic.data import fake_data
from counterfoil.apis.generic.data.id_styles import in_style
from counterfoil.apis.generic.data.numbers import bounds_of
from counterfoil.apis.generic.data.seeds import hex_digits, number_of, uuid_of
from counterfoil.apis.generic.document import Document
from counterfoil.apis.generic.inference.composite import joined, parts_of
from counterfoil.apis.generic.model import Collection
from counterfoil.apis.generic.names import letters, singular
from counterfoil.apis.generic.paths import read_path

Json = Any

MAX_TRIES = 8
ROWS_TOGETHER = 4
FORMS = frozenset(["ipv4", "ipv6", "email", "hostname", "date", "date-time"])
"""Formats that make their own texts: an example with changed letters and digits would not be a valid address or date."""
MAX_ID_LENGTH = 64
"""Maximum length of an id that is made only to reach ``minLength``."""
_UNSAFE = re.compile(r"[/?#%\s]")


class RowIds:
    """The ids of one document's rows. ``count`` gives the number of rows of a collection; ``kept`` lists of ids are cached."""

    def __init__(self, document: Document, count: Callable[[Collection], int], *, kept: int) -> None:
        self.document = document
        self.count = count
        self.all = lru_cache(maxsize=kept)(self._all)
        self._numbers = lru_cache(maxsize=kept)(self._numbered)

    def has(self, key: str, collection: Collection, id: str) -> bool:
        """Whether there is a row with that id."""
        return id in self._numbers(key, collection)

    def number(self, key: str, collection: Collection, id: str) -> int:
        """The number of the row with that id; -1 if there is none."""
        return self._numbers(key, collection).get(id, -1)

    def at(self, key: str, collection: Collection, number: int) -> str:
        """The id of the row with that number."""
        return self._whole_id(key, collection, number, 0)

    def _all(self, key: str, collection: Collection) -> tuple[str, ...]:
        return tuple(self._numbers(key, collection))

    def _numbered(self, key: str, collection: Collection) -> dict[str, int]:
        found: dict[str, int] = {}
        last = self.document.by_part(collection)[-1] if collection.parts else collection
        listed = self._enum_ids(last)
        room = self._max_rows(last) if listed is None else len(listed)
        for number in range(min(self.count(collection), room)):
            for again in range(MAX_TRIES):
                id = self._whole_id(key, collection, number, again)
                if id not in found:
                    found[id] = number
                    break
        return found

    def exceeds_maximum(self, collection: Collection, id: str) -> bool:
        """Whether an id is a number above the document's ``maximum``."""
        if collection.parts:
            id, collection = parts_of(id)[-1], self.document.by_part(collection)[-1]
        schemas = self.document.id_schemas(collection)
        return any(self._is_whole(each) and int(id) > bounds_of(each)[1] for each in schemas)

    def _max_rows(self, collection: Collection) -> int:
        """The maximum number of rows: half of the integers that the document allows as ids, so that clients can create some."""
        schemas = self.document.id_schemas(collection)
        most = min((bounds_of(each)[1] for each in schemas if self._is_whole(each)), default=inf)
        return sys.maxsize if most == inf else max(1, int(most - self._whole(schemas, 0) + 1) // 2)

    def _is_whole(self, schema: Mapping[str, Json]) -> bool:
        types = self.document.reader.types(schema)
        return ("integer" in types and "string" not in types) or types == {"number"}

    def _enum_ids(self, collection: Collection) -> list[Json] | None:
        """The possible ids, if the document has an enum of them."""
        lists = [
            [value for value in each["enum"] if value is not None]
            for each in self.document.id_schemas(collection)
            if isinstance(each.get("enum"), list)
        ]
        return min(lists, key=len) if lists else None

    def _whole_id(self, key: str, collection: Collection, number: int, again: int) -> str:
        """The id of a row. In composite ids, ``ROWS_TOGETHER`` rows in sequence share all parts except the last."""
        if not collection.parts:
            return self._made(key, collection, number, again)
        values, group = [], number // ROWS_TOGETHER
        *before, last = self.document.by_part(collection)
        for part in before:
            listed = self._enum_ids(part)
            values.append(self._made(f"{key}#{part.parameter}", part, group % len(listed) if listed else group, 0))
        return joined([*values, self._made(key, last, number, again)])

    def _made(self, key: str, collection: Collection, number: int, again: int) -> str:
        schemas = (*self.document.id_schemas(collection), *self.document.reference_limits(collection))
        listed = self._enum_ids(collection)
        if listed is not None and number < len(listed):
            return str(listed[number])
        if any(map(self._is_whole, schemas)):
            return str(self._whole(schemas, number) + again)
        row_key = f"{key}#{number}" + (f"#{again}" if again else "")
        for candidate in self._candidates(collection, schemas, row_key, number, again):
            if (
                candidate
                and not _UNSAFE.search(candidate)
                and all(self.document.suits(each, candidate) for each in schemas)
            ):
                return str(candidate)
        return _UNSAFE.sub("-", hex_digits(row_key, 16))

    def _whole(self, schemas: tuple[dict[str, Json], ...], number: int) -> int:
        least = max(
            (int(each["minimum"]) for each in schemas if isinstance(each.get("minimum"), int | float)), default=1
        )
        return max(1, least) + number

    def _candidates(
        self, collection: Collection, schemas: tuple[dict[str, Json], ...], key: str, number: int, again: int
    ) -> Any:
        """Candidates for an id, the best first: by format, name, example and pattern, then any that may fit."""
        examples = [
            each
            for schema in schemas
            for each in self.document.reader.examples(schema)
            if isinstance(each, str) and each
        ]
        forms = {str(each.get("format", "")).lower() for each in schemas}
        chosen_by_clients = bool(collection.id) and str(collection.id[0]) not in collection.server_owned
        if examples and number == 0 and not again and not chosen_by_clients:  # clients may want to create the example
            yield examples[0]
        if forms & {"uuid", "guid"}:
            yield uuid_of(key)
        if forms & FORMS:
            yield from (self.document.text(each, "", key) for each in schemas if each.get("format") in FORMS)
        name = str(collection.id[-1]) if collection.id else collection.parameter
        if letters(name).endswith(("name", "slug", "code", "key", "label", "title")):
            yield from _words(key, number)
        is_short = bool(examples) and examples[0].isdecimal() and len(examples[0]) < 6
        if is_short or (not examples and any("pattern" in each for each in schemas)):
            least = max((each["minLength"] for each in schemas if isinstance(each.get("minLength"), int)), default=1)
            yield str(number + again + 1)
            yield str(10 ** max(0, least - 1) + number + again)
        for example in examples[:2]:
            yield in_style(example, key)
        for schema in sorted(schemas, key=lambda each: "pattern" not in each):
            made = self.document.text(schema, "", key)
            if "pattern" in schema or schema.get("format"):
                yield made
        stem = singular(read_path(collection.path).noun) or "id"
        yield f"{stem}_{hex_digits(key, 14)}"
        yield from _of_length(schemas, key)
        yield str(number + again + 1)


def _words(key: str, number: int) -> Iterator[str]:
    """Ids that look like a name: two words and the row's number."""
    word = fake_data.words(key, 2).replace(" ", "-")
    yield f"{word}-{number}"
    yield f"{word.replace('-', '')}{number}"
    yield f"{word.replace('-', '')}{number}".upper()


def _of_length(schemas: tuple[dict[str, Json], ...], key: str) -> Iterator[str]:
    """Digits of the lengths that the schemas allow: hexadecimal, then decimal."""
    longest = min((each["maxLength"] for each in schemas if isinstance(each.get("maxLength"), int)), default=16)
    yield hex_digits(key, min(16, max(1, longest)))
    shortest = max((each["minLength"] for each in schemas if isinstance(each.get("minLength"), int)), default=0)
    if 16 < shortest <= MAX_ID_LENGTH:
        yield hex_digits(key, shortest)
    yield str(number_of(key) % 10 ** min(9, max(1, longest)))
