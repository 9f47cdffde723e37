"""Compares names: ``customerId``, ``customer_id`` and ``customer-id`` are the same name, and ``boxes`` is the plural of box."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_IRREGULAR = {
    "people": "person",
    "children": "child",
    "indices": "index",
    "statuses": "status",
    "data": "data",
    "news": "news",
}
_KEPT = ("ss", "us", "is", "news", "series", "os")


@lru_cache(maxsize=65536)
def letters(name: str) -> str:
    """The letters and digits of a name, in lower case."""
    return "".join(each for each in name.lower() if each.isalnum())


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """``customerIDs`` and ``customer_ids`` → (customer, ids)."""
    return tuple(each.lower() for each in _WORDS.findall(name.replace("IDs", "Ids").replace("URLs", "Urls")))


@lru_cache(maxsize=65536)
def singular(word: str) -> str:
    """``customers`` → ``customer``, in lower case without separators; only the last word changes."""
    word = letters(word)
    for plural, single in _IRREGULAR.items():
        if word.endswith(plural):
            return word[: -len(plural)] + single
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(_KEPT):
        return word[:-1]
    return word


def same(one: str, other: str) -> bool:
    """Whether two names are the same, ignoring case, separators, and singular or plural."""
    return singular(one) == singular(other)


def word_set(text: str) -> frozenset[str]:
    """The set of the words in a text."""
    return frozenset(text.split())


def stem_of(parameter: str) -> str:
    """``customerId`` → ``customer``: the name, in lower case, without an ending such as ``id`` or ``key``."""
    key = letters(parameter)
    for ending in ("uuid", "sid", "gid", "id", "key", "code", "slug", "name"):
        if key.endswith(ending) and len(key) > len(ending):
            return key[: -len(ending)]
    return key
