"""Generates names and addresses for customers, with Faker, when they are first shown.

A customer's identity depends on the world's seed and its number alone, so adding a customer changes no other. Faker is
imported on first use, because a server that shows no names does not need it.
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
_GENERATING = Lock()  # a Faker instance has one random stream, seeded again for each customer


class Contact(msgspec.Struct, frozen=True):
    """A customer's contact data: a company with a person and an address.

    ``country`` is ISO 3166-1 alpha-2. ``key`` is the scenario's short name for the customer, if it has one.
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


class IdentityOverrides(msgspec.Struct, frozen=True):
    """Contact data that replaces generated data; None leaves the generated value."""

    name: str | None = None
    email: str | None = None
    country: str | None = None
    key: str | None = None


NO_OVERRIDES = IdentityOverrides()


@lru_cache(maxsize=4096)
def generate(seed: int, number: int, country: str, overrides: IdentityOverrides = NO_OVERRIDES) -> Contact:
    """The contact data of customer ``number`` in a world with that ``seed``."""
    country = overrides.country or country
    generated = _generated(seed, number, country)
    name = overrides.name or generated.name
    email = overrides.email or f"billing@{_domain(name, number)}.example"
    return msgspec.structs.replace(generated, name=name, email=email, key=overrides.key)


@lru_cache(maxsize=4096)
def _generated(seed: int, number: int, country: str) -> Contact:
    with _GENERATING:
        faker = _faker(_LOCALES.get(country, "en_GB"))
        faker.seed_instance(int.from_bytes(blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()))
        return Contact(
            name=faker.company(),
            contact=faker.name(),
            email="",
            phone=f"+{faker.numerify('%## ########')}",
            street=faker.street_address(),
            zipcode=faker.postcode(),
            city=faker.city(),
            country=country,
        )


@lru_cache(maxsize=16)
def _faker(locale: str) -> Faker:
    from faker import Faker

    # Weighted choice is 10 to 20 times slower, and only makes the distribution of first names more realistic.
    return Faker(locale, use_weighting=False)


def _domain(name: str, number: int) -> str:
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return "-".join(part for part in letters.split("-") if part)[:40].rstrip("-") or f"customer-{number}"
