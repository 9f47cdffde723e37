"""Infers which fields the server sets, which refer to another collection, and which fields an action sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from counterfoil.apis.generic.names import letters, singular, word_set, words
from counterfoil.apis.generic.schemas import SchemaReader

Json = Any

CREATED = word_set(
    """
    created createdat createdon createddate createdtime creationdate creationtimestamp datecreated
    dateadded
    """
)
UPDATED = word_set(
    """
    updated updatedat updatedon updateddate modified modifiedat modifiedon lastmodified lastupdated
    lastupdate dateupdated lastmodifiedat lastupdatedat updatedtime modifiedtime lastmodifieddate
    """
)
LINKS = word_set(
    """
    url href self links link uri etag resourceversion selflink permalink
    """
)
STATE_NAMES = ("status", "state", "lifecyclestatus", "lifecyclestate", "phase")
VERBS = word_set(
    """
    accept activate add get list fetch find lookup query count
    append approve archive assign attach authorize ban block calculate cancel
    capture charge check claim clear clone close commit complete confirm convert copy create credit
    deactivate decline delete deliver detach disable dismiss dispatch download duplicate edit enable end
    estimate execute expire export fail finalise finalize finish follow fork freeze fulfil fulfill
    generate hold import increment install invite issue join leave like link lock login logout mark
    merge move notify open pause pay perform ping play post preview process promote publish read rebuild
    recalculate recover redeem refresh refund regenerate register reject release remove rename renew
    reopen reorder replace replay report request resend reset resolve restart restore resume retry
    return reverse revert review revoke rollback rotate run save schedule search select send settle
    share sign simulate skip snooze split star start stop submit subscribe suspend swap switch sync
    synchronize terminate test touch track transfer transition trigger trial unarchive unassign unban
    unblock undelete undo unfollow unfreeze uninstall unlink unlock unmerge unpause unpublish unshare
    unstar unsubscribe unsuspend update upgrade downgrade upload validate verify void withdraw write
    """
)
READS = word_set("describe detail details fetch find get info lookup read retrieve show view")
"""Words for reading one member."""
TRIALS = word_set("preview previews estimate estimates simulate simulation calculate calculation validate validation")
"""Verbs that only try something and change nothing."""
RESULTS: Mapping[str, tuple[str, ...]] = {
    "cancel": ("canceled", "cancelled"),
    "pay": ("paid",),
    "resume": ("active", "resumed", "running"),
    "unpause": ("active", "running"),
    "activate": ("active", "activated", "enabled"),
    "enable": ("enabled", "active"),
    "deactivate": ("inactive", "deactivated", "disabled"),
    "disable": ("disabled", "inactive"),
    "start": ("running", "started", "inprogress", "active"),
    "stop": ("stopped", "stopping", "inactive"),
    "finalize": ("finalized", "open"),
    "finalise": ("finalised", "open"),
    "complete": ("completed", "complete", "done"),
    "capture": ("captured", "succeeded", "completed"),
    "authorize": ("authorized",),
    "send": ("sent", "open", "outstanding"),
    "reopen": ("open", "reopened"),
    "unarchive": ("active", "unarchived", "open"),
    "unsuspend": ("active",),
    "suspend": ("suspended", "paused"),
    "pause": ("paused", "suspended"),
    "withdraw": ("withdrawn",),
    "undo": ("undone",),
    "hold": ("onhold", "held"),
    "freeze": ("frozen",),
    "begin": ("begun", "running"),
    "publish": ("published", "active", "live"),
    "end": ("ended",),
    "submit": ("submitted", "pending"),
    "verify": ("verified",),
    "void": ("void", "voided"),
    "terminate": ("terminated",),
    "ship": ("shipped",),
}
_BOOLEANS: Mapping[str, tuple[str, bool]] = {
    "activate": ("active", True),
    "deactivate": ("active", False),
    "enable": ("enabled", True),
    "disable": ("enabled", False),
}


@dataclass(frozen=True)
class Ownership:
    """The fields of an entity that clients do not set. ``created`` and ``updated`` are fields with the time of that event."""

    owned: tuple[str, ...]
    created: tuple[str, ...]
    updated: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]


def ownership(reader: SchemaReader, entity: Json, sent: Iterable[Json], identity: str) -> Ownership:
    """The fields that the server sets. ``sent`` are the schemas of request bodies; empty if clients create nothing."""
    accepted = {letters(name) for schema in sent if schema is not None for name in reader.properties(schema)}
    reasons: list[tuple[str, str]] = []
    created, updated = [], []
    for name, member in reader.properties(entity).items():
        key = letters(name)
        if key in CREATED:
            created.append(name)
        elif key in UPDATED:
            updated.append(name)
        if key in accepted and not reader.merged(member).get("readOnly"):
            continue
        why = _owned(reader, key, name, member, identity, bool(accepted))
        if why:
            reasons.append((name, why))
    return Ownership(tuple(name for name, _ in reasons), tuple(created), tuple(updated), tuple(reasons))


def _owned(reader: SchemaReader, key: str, name: str, member: Json, identity: str, created: bool) -> str:
    merged = reader.merged(member)
    if merged.get("readOnly"):
        return "it is readOnly in the document"
    if name == identity:
        return "it identifies the member"
    if key in CREATED | UPDATED:
        return "it is when the member was created or changed"
    if key in LINKS:
        return "it is a link to the member"
    if key.endswith("count") and reader.types(member) & {"integer", "number"}:
        return "it is a count"
    if key in ("object", "type") and len(merged.get("enum") or ()) == 1:
        return "it has only one possible value"
    return "it is in responses but in no request body" if created else ""


def state_field(reader: SchemaReader, entity: Json) -> tuple[str, tuple[str, ...]]:
    """The field with a member's state, and its values; empty if there is none."""
    members = reader.properties(entity)
    for wanted in STATE_NAMES:
        for name, member in members.items():
            if letters(name) == wanted:
                values = reader.merged(member).get("enum")
                return name, tuple(each for each in values if isinstance(each, str)) if isinstance(values, list) else ()
    return "", ()


def is_verb(segment: str) -> bool:
    """Whether a path segment is an action (``cancel``, ``mark_as_paid``) and not a noun."""
    parts = words(segment)
    if not parts or (len(parts) == 1 and parts[0] in ("post", "report", "test", "trial")):
        return False
    return parts[0] in VERBS or _without_re(parts[0]) in VERBS


def is_trial(segment: str) -> bool:
    """Whether a path segment names a trial that changes nothing (``dryRun``, ``preview``, ``price-estimate``)."""
    return bool(TRIALS & {*words(segment)}) or letters(segment) == "dryrun"


def _without_re(verb: str) -> str:
    """The verb without the prefix ``re``: ``reactivate`` → ``activate``; otherwise unchanged."""
    return verb.removeprefix("re").removeprefix("-") or verb


def action_effect(reader: SchemaReader, entity: Json, verb: str) -> tuple[dict[str, Json], str]:
    """The fields that an action sets, and the reason; empty if its name matches no value of a state and no boolean field."""
    parts = words(verb)
    if not parts:
        return {}, ""
    stem = parts[-1] if parts[0] in ("mark", "set", "as") else parts[0]
    name, values = state_field(reader, entity)
    by_letters = {letters(each): each for each in values}
    if stem not in VERBS and _without_re(stem) in RESULTS:
        stem = _without_re(stem)
    for wanted in (*RESULTS.get(stem, ()), *_participles(stem), letters(verb)):
        if wanted in by_letters:
            return {name: by_letters[wanted]}, f"'{verb}' sets {name} to '{by_letters[wanted]}', one of its values"
    flag, value = _BOOLEANS.get(stem) or ((stem[2:], False) if stem.startswith("un") else (stem, True))
    flags = {flag, *_participles(flag), *(f"is{each}" for each in (flag, *_participles(flag)))}
    for field, member in reader.properties(entity).items():
        if letters(field) in flags and "boolean" in reader.types(member):
            return {field: value}, f"'{verb}' sets the boolean '{field}'"
    if name and not values and stem in VERBS and "string" in reader.types(reader.properties(entity)[name]):
        wanted = (RESULTS.get(stem) or _participles(stem))[0]
        return {name: wanted}, f"'{verb}' sets {name} to '{wanted}'; the document does not list its values"
    return {}, ""


def undone_effect(reader: SchemaReader, entity: Json, verb: str) -> tuple[dict[str, Json], str]:
    """As ``action_effect``, for a DELETE that takes the action back: ``DELETE /notes/{id}/pin`` sets 'pinned' to false."""
    opposite, why = action_effect(reader, entity, f"un{verb}")
    if opposite:
        return opposite, why
    done, _ = action_effect(reader, entity, verb)
    if any(value is not True for value in done.values()):
        return {}, ""
    return dict.fromkeys(done, False), "".join(f"DELETE of '{verb}' sets the boolean '{field}'" for field in done)


def _participles(verb: str) -> tuple[str, ...]:
    if verb.endswith("e"):
        return (f"{verb}d",)
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return (f"{verb[:-1]}ied",)
    return (f"{verb}ed", f"{verb}{verb[-1:]}ed")


def references(
    reader: SchemaReader, entity: Json, collections: Iterable[tuple[str, str, str]], own: str
) -> list[tuple[str, str, str, float]]:
    """Fields that hold the id of a member of another collection, as (field, collection, reason, confidence).

    ``collections`` are the possible targets as (path, noun, parameter); ``own`` is the entity's own collection.
    """
    by_name: dict[str, str] = {}
    for path, noun, _ in sorted(collections, key=lambda each: (each[0].count("{"), len(each[0]), each[0])):
        by_name.setdefault(singular(noun), path)
    found = []
    for name, member in reader.properties(entity).items():
        if not reader.types(member) & {"string", "integer"} and reader.types(member):
            continue
        key = letters(name)
        for ending, sure in (("id", 0.85), ("sid", 0.8), ("uuid", 0.8), ("gid", 0.8), ("", 0.6)):
            if not key.endswith(ending):
                continue
            target = by_name.get(singular(key[: len(key) - len(ending)])) if len(key) > len(ending) else None
            if target and (target != own or ending):
                if not ending and (reader.merged(member).get("enum") or key in ("name", "type", "status")):
                    continue
                found.append((name, target, f"'{name}' is named like an id of {target}", sure))
                break
    return found
