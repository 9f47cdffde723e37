"""Makes values that fit a schema: always the same for the same seed and place.

A value depends only on its key (the seed, the collection, the row and the place in it), so one more row or property changes no
other value. ``Tweaks`` select other alternatives or omit optional values: with them, ``fitting`` makes an invalid value valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from counterfoil.apis.generic.data.alternatives import Alternatives
from counterfoil.apis.generic.data.patterns import text_for
from counterfoil.apis.generic.data.scalars import UNSET, Scalars
from counterfoil.apis.generic.data.tweaks import NO_TWEAKS, Path, Record, Tweaks
from counterfoil.apis.generic.names import letters, singular, words
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

MAX_VALUES = 3000
"""Values in one made body; after that, only required values are made."""
OPTIONAL_DEPTH = 2
"""How deep optional objects and arrays are made; below, only required values. Stripe's schemas nest without end: a customer
is 1.8 KB; one more level makes it 3 KB."""
MAX_DEPTH = 24

LISTS = ("data", "items", "results", "values")
"""Properties of a response that hold a list."""
IDS = ("id", "gid", "uuid", "sid", "key", "code")
"""Properties of an object that hold the id, if only the id of the object is given."""
NAMES = ("slug", "name", "value", "amount")
"""Properties of an object without such an id that hold a given scalar: a region's slug, an amount of money."""
FAILURES = ("error", "errors")
"""Properties that a response has only if something failed."""
DELETIONS = frozenset(["deletedat", "deletedon", "deleteddate", "datedeleted", "deletiontimestamp", "deletiondate"])
"""Properties that only a deleted member has."""


class Unmakeable(Exception):
    """No valid value could be made; the message names the place."""


class Values:
    """Makes values for the schemas of one document. Made times are before ``anchor``, in seconds since 1970."""

    def __init__(self, reader: SchemaReader) -> None:
        self.reader = reader
        self.scalars = Scalars()
        self.alternatives = Alternatives(reader, self.scalars)

    def make(
        self,
        schema: Json,
        key: str,
        *,
        given: Json = UNSET,
        tweaks: Tweaks = NO_TWEAKS,
        anchor: int = 0,
        row: int = 1,
        name: str = "",
    ) -> Json:
        """A value for ``schema``, the schema of a property called ``name``. Parts of ``given`` are used where they fit.

        ``row`` 0 is made from the document's own examples. Raises ``Unmakeable``.
        """
        return self.making(schema, key, given=given, tweaks=tweaks, anchor=anchor, row=row, name=name)[0]

    def making(
        self, schema: Json, key: str, *, given: Json, tweaks: Tweaks, anchor: int, row: int, name: str = ""
    ) -> tuple[Json, Record]:
        """As ``make``, with a record of the places where there was a choice."""
        making = _Making(self, key, tweaks, anchor, row)
        return making.value(schema, given, (), name, ()), making.record


class _Making:
    """One value being made."""

    def __init__(self, values: Values, key: str, tweaks: Tweaks, anchor: int, row: int) -> None:
        self.reader = values.reader
        self.scalars = values.scalars
        self.alternatives = values.alternatives
        self.key = key
        self.tweaks = tweaks
        self.anchor = anchor
        self.row = row
        self.count = 0
        self.record = Record()
        self.ways: dict[Path, int] = {}

    def value(self, schema: Json, given: Json, path: Path, name: str, above: tuple[int, ...]) -> Json:
        self.count += 1
        merged = self.reader.merged(schema)
        if path in self.tweaks.ignored:
            given = UNSET
        elif given is not UNSET:
            self.record.given.add(path)
        if "const" in merged:
            return merged["const"]
        groups = merged.get("choices")
        if groups and not (isinstance(merged.get("enum"), list)):
            return self._chosen(merged, groups, given, path, name, above)
        types = self.reader.types(merged)
        if isinstance(given, dict) and types and not types & {"object", "array"}:
            given = _id_in(given, name)  # the schema wants an id, and a member is given
        if given is not UNSET and not isinstance(given, dict | list):
            coerced = self.scalars.coerce(merged, types, given)
            if coerced is not UNSET:
                return coerced
        if "object" in types or (not types and isinstance(given, dict)):
            return self._object(merged, given, path, above)
        if "array" in types or (not types and isinstance(given, list)):
            return self._array(merged, given, path, name, above)
        if not types and not merged.keys() & {"enum", "format", "pattern", "example", "examples"}:
            return self._anything(given)
        return self.scalars.make(merged, types, name, f"{self.key}/{_text(path)}", self.anchor, self.row)

    def _anything(self, given: Json) -> Json:
        """A value for a schema that allows everything."""
        return given if given is not UNSET else {}

    # --- alternatives ----------------------------------------------------------------------------

    def _chosen(
        self,
        merged: Mapping[str, Json],
        groups: list[list[Json]],
        given: Json,
        path: Path,
        name: str,
        above: tuple[int, ...],
    ) -> Json:
        """A value for one alternative of each group, merged with the schema's other keywords."""
        own = {key: value for key, value in merged.items() if key not in ("choices", "discriminator")}
        parts: list[Json] = (
            [own] if own.keys() - {"nullable", "description", "title", "type", "example", "default"} else []
        )
        outer = self.ways.get(path, 1)  # the number of combinations of the outer alternatives, if these are nested
        shift, ways = self.tweaks.branches.get(path, 0) // outer, outer
        discriminator: dict[str, Json] = {}
        key = [id(merged)]
        for group in groups:
            order = self.alternatives.order(group, given, above)
            branch = group[order[shift % len(order)]]
            parts.append(branch)
            key.append(id(branch))
            shift //= len(order)
            ways *= len(order)
            discriminator |= self.alternatives.discriminator(merged, branch)
        self.record.choices[path] = ways
        schema = parts[0] if len(parts) == 1 else self.reader.joined(parts, tuple(key))
        self.ways[path] = ways
        made = self.value(schema, given, path, name, (*above, id(merged)))
        self.ways[path] = outer
        if discriminator and isinstance(made, dict):
            made.update(discriminator)
        return made

    # --- objects and arrays ----------------------------------------------------------------------

    def _object(self, merged: Mapping[str, Json], given: Json, path: Path, above: tuple[int, ...]) -> Json:
        if len(path) > MAX_DEPTH or above.count(id(merged)) > 1:
            raise Unmakeable(f"{_text(path) or 'the value'} refers to itself without an end")
        source: Mapping[str, Json] = given if isinstance(given, dict) else self._named_by(merged, given)
        if given is UNSET and self.row == 0 and not above and (example := self._example(merged)) is not None:
            source = example
        stated = merged.get("properties")
        members: Mapping[str, Json] = stated if isinstance(stated, dict) else {}
        required = self.reader.required(merged)
        inner = (*above, id(merged))
        unseen = "readOnly" if self.tweaks.sent else "writeOnly"
        out: dict[str, Json] = {}
        for member, schema in members.items():
            place = (*path, member)
            if place in self.tweaks.omitted and not (member in required and self.reader.is_array(schema)):
                continue  # a required list is kept; its items are omitted instead
            if self.reader.merged(schema).get(unseen) and not (self.tweaks.sent and member in required):
                continue  # PagerDuty's type is readOnly in one part of an allOf, and required in another
            has = member in source and not (source[member] == "" and self._is_unset(schema))
            if member in source and not has and member not in required:
                continue
            optional = not has and member not in required
            if optional and (_is_of_another_state(member) or not self._wanted(schema, inner, given is not UNSET)):
                continue
            if member not in required:
                self.record.optional.add(place)
            try:
                out[member] = self.value(schema, source[member] if has else UNSET, place, member, inner)
            except Unmakeable:
                if member in required:
                    raise
        self._name_kind(merged, source, out)
        self._further(merged, source, members, required, path, out)
        kind, names = self.reader.type_names(merged)
        if names and kind in out and out[kind] not in names:
            out[kind] = names[0]
        return out

    def _name_kind(self, merged: Mapping[str, Json], source: Mapping[str, Json], out: dict[str, Json]) -> None:
        """Set a property ``object`` without documented values to the name of the schema: ``credit_note``."""
        if "object" not in out or "object" in source:
            return
        schema = self.reader.merged(merged["properties"]["object"])
        component = self.reader.component_name(merged)
        if (
            component
            and isinstance(out["object"], str)
            and not schema.keys() & {"enum", "const", "pattern", "format", "example"}
        ):
            out["object"] = "list" if component.lower().endswith("list") else "_".join(words(component))

    def _is_unset(self, schema: Json) -> bool:
        """Whether an empty text for a field means that it is not set, because its schema does not allow an empty text."""
        merged, types = self.reader.merged(schema), self.reader.types(schema)
        listed = merged.get("enum")
        if merged.get("choices"):
            return False
        return "" not in listed if isinstance(listed, list) else bool(types) and "string" not in types

    def _named_by(self, merged: Mapping[str, Json], given: Json) -> Mapping[str, Json]:
        """An object from its id or another scalar, if the schema wants an object: ``"12"`` as ``{"gid": "12"}``."""
        if given is UNSET or given is None or isinstance(given, bool):
            return {}
        members = self.reader.properties(merged)
        if isinstance(given, list):  # the schema wraps the list
            name = next((each for each in LISTS if each in members and self.reader.is_array(members[each])), None)
            return {} if name is None else {name: given}
        for name in (*IDS, *NAMES):
            if name in members and self._holds(members[name], name, given):
                return {name: given}
        return {}

    def _holds(self, schema: Json, name: str, given: Json) -> bool:
        """Whether a property can hold ``given``: an id as text or number, any other value only with its own type."""
        types = self.reader.types(schema)
        if name in IDS and (not isinstance(given, str) or given.isdecimal()):
            return True
        wanted = {"string"} if isinstance(given, str) else {"number", "integer"}
        return not types or bool(types & wanted)

    def _wanted(self, schema: Json, above: tuple[int, ...], is_given: bool) -> bool:
        """Whether to make a value for an optional property."""
        if is_given or self.tweaks.bare or self.count > MAX_VALUES:
            return False
        merged = self.reader.merged(schema)
        if merged.get("deprecated") or id(merged) in above:
            return False
        nested = self.reader.types(schema) & {"object", "array"} or merged.get("choices")
        return not nested or len(above) <= OPTIONAL_DEPTH

    def _further(
        self,
        merged: Mapping[str, Json],
        source: Mapping[str, Json],
        members: Mapping[str, Json],
        required: frozenset[str],
        path: Path,
        out: dict[str, Json],
    ) -> None:
        """Add properties that are required or given but not listed in the schema, and as many as ``minProperties`` wants."""
        extra = merged.get("additionalProperties", True)
        for member in sorted(required - members.keys()):
            if member not in out:
                schema = extra if isinstance(extra, dict) else {"type": "string"}
                out[member] = self.value(schema, source.get(member, UNSET), (*path, member), member, ())
        patterns = merged.get("patternProperties") or {}
        if extra is False and not patterns:
            return
        for member, value in source.items():
            if member not in members and member not in out and (*path, member) not in self.tweaks.omitted:
                self.record.optional.add((*path, member))
                coerces = isinstance(extra, dict) and not patterns  # otherwise it stays as sent, or is omitted later
                out[member] = self.value(extra, value, (*path, member), member, ()) if coerces else value
        least = merged.get("minProperties", 0)
        pattern, schema = next(iter(patterns.items()), ("", extra if isinstance(extra, dict) else {"type": "string"}))
        for number in range(least if isinstance(least, int) else 0):
            if len(out) >= least:
                break
            name = (text_for(pattern, number) if pattern else None) or f"key{number + 1}"
            out[name] = self.value(schema, UNSET, (*path, name), "value", ())

    def _example(self, merged: Mapping[str, Json]) -> Mapping[str, Json] | None:
        return next((each for each in self.reader.examples(merged) if isinstance(each, dict)), None)

    def _array(self, merged: Mapping[str, Json], given: Json, path: Path, name: str, above: tuple[int, ...]) -> Json:
        items, first = merged.get("items") or {}, merged.get("prefixItems")
        places: list[Json] = first if isinstance(first, list) else []
        least = merged.get("minItems", 0) if isinstance(merged.get("minItems"), int) else 0
        if isinstance(given, list) and path not in self.tweaks.omitted:
            if self.tweaks.bare and len(given) > least:
                self.record.optional.add(path)
            schemas = [*places[: len(given)], *[items] * (len(given) - len(places))]
            return [
                self.value(schema, each, (*path, index), name, above)
                for index, (schema, each) in enumerate(zip(schemas, given, strict=True))
            ]
        most = merged.get("maxItems", 100) if isinstance(merged.get("maxItems"), int) else 100
        inside = self.reader.merged(items)
        usual = (
            len(places) or 1 if len(above) <= OPTIONAL_DEPTH and id(inside) not in above and not self.tweaks.bare else 0
        )
        count = min(max(least, usual), most, max(least, 50))
        if count > least:
            self.record.optional.add(path)
        if path in self.tweaks.omitted:
            count = least
        out: list[Json] = []
        for index in range(count):
            try:
                schema = places[index] if index < len(places) else items
                out.append(self.value(schema, UNSET, (*path, index), name, above))
            except Unmakeable:
                if index < least:
                    raise
                break
        return out


def _is_of_another_state(name: str) -> bool:
    """Whether only a failed or a deleted resource has a property of this name."""
    return name in FAILURES or letters(name) in DELETIONS


def _id_in(given: Mapping[str, Json], name: str) -> Json:
    """The id in an object given for an id: its own, or the one named after the field (``discounts: [{discount: d1}]``)."""
    by_letters = {letters(each): each for each in given}
    noun = singular(name)
    wanted = (*IDS, f"{noun}id", noun) if noun else IDS
    return next((given[by_letters[each]] for each in wanted if each in by_letters), given)


def _text(path: Path) -> str:
    return "/".join(map(str, path))
