"""Names and addresses for customers nobody named: painted by Faker, one customer at a time, when first looked at.

Each customer's scenery depends on the seed and its number alone, so that taking on one more renames nobody. Faker is
imported on first use: a server that never shows a name never loads it.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from faker import Faker

_LOCALES = {"DE": "de_DE", "GB": "en_GB", "FR": "fr_FR", "US": "en_US", "ES": "es_ES", "IT": "it_IT", "NL": "nl_NL"}
_PAINTING = Lock()  # a Faker generator is one random stream, reseeded for each customer


class Party(msgspec.Struct, frozen=True):
    """Who a customer is to the world outside: a company with a person to write to and an address.

    ``country`` is ISO 3166-1 alpha-2. ``key`` is the scenario's short name for it, if it has one.
    """

    name: str
    contact: str
    email: str
    phone: str
    street: str
    zipcode: str
    city: str
    country: str
    key: str | None = None


class Known(msgspec.Struct, frozen=True):
    """What is said of a customer, as against painted; None is left to the scenery."""

    name: str | None = None
    email: str | None = None
    country: str | None = None
    key: str | None = None


NOTHING_KNOWN = Known()


@lru_cache(maxsize=4096)
def paint(seed: int, number: int, country: str, known: Known = NOTHING_KNOWN) -> Party:
    """The party customer ``number`` is in a world of that ``seed``."""
    country = known.country or country
    painted = _painted(seed, number, country)
    name = known.name or painted.name
    email = known.email or f"billing@{_domain(name, number)}.example"
    return msgspec.structs.replace(painted, name=name, email=email, key=known.key)


@lru_cache(maxsize=4096)
def _painted(seed: int, number: int, country: str) -> Party:
    with _PAINTING:
        brush = _brush(_LOCALES.get(country, "en_GB"))
        brush.seed_instance(int.from_bytes(blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()))
        return Party(
            name=brush.company(),
            contact=brush.name(),
            email="",
            phone=f"+{brush.numerify('%## ########')}",
            street=brush.street_address(),
            zipcode=brush.postcode(),
            city=brush.city(),
            country=country,
        )


@lru_cache(maxsize=16)
def _brush(locale: str) -> Faker:
    from faker import Faker

    # Weighted choice is 10 to 20 times slower and buys a likelier spread of first names.
    return Faker(locale, use_weighting=False)


def _domain(name: str, number: int) -> str:
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in letters.split("-") if part)[:40].rstrip("-") or f"customer-{number}"
