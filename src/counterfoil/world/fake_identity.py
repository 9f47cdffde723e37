"""Generates names and addresses for customers, with Faker, when they are first shown.

A customer's identity depends only on the world's seed and its number, so adding a customer does not rename another. Faker is
imported on first use, because a server that shows no names does not need it.
"""

from __future__ import annotations

from functools import cache, lru_cache
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

import msgspec

from counterfoil.world.towns import LOCAL_NUMBERS, LOCALES, NUMBER_FIRST, PREFIXES, TOWNS, Town

if TYPE_CHECKING:
    from faker import Faker

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_GERMAN_SPEAKING = ("AT", "CH", "DE", "LI", "LU")
_LOCK = Lock()  # a Faker instance has one random stream, seeded again for each customer


class Contact(msgspec.Struct, frozen=True):
    """A customer's contact data: a company, the person to write to, and an address.

    ``country`` is ISO 3166-1 alpha-2. ``phone`` is ``+``, the country's prefix and a number; empty for a
    code that does not name a country. ``key`` is the scenario's short name for the customer, if it has one;
    ``title``, ``department`` and ``mobile`` come from the scenario only.
    """

    name: str
    person: str
    email: str
    phone: str
    street: str
    zipcode: str
    city: str
    country: str
    key: str | None = None
    title: str | None = None
    department: str | None = None
    mobile: str | None = None


class IdentityOverrides(msgspec.Struct, frozen=True):
    """Contact data that replaces generated data; None leaves the generated value."""

    name: str | None = None
    email: str | None = None
    country: str | None = None
    key: str | None = None
    title: str | None = None
    department: str | None = None
    mobile: str | None = None


NO_OVERRIDES = IdentityOverrides()


@lru_cache(maxsize=4096)
def generate(seed: int, number: int, country: str, overrides: IdentityOverrides = NO_OVERRIDES) -> Contact:
    """The contact data of customer ``number`` in a world with that ``seed``."""
    country = overrides.country or country
    generated = _generated(seed, number, country)
    name = overrides.name or generated.name
    email = overrides.email or f"billing@{_domain(name, number, country)}.example"
    not_generated = {member: getattr(overrides, member) for member in ("key", "title", "department", "mobile")}
    return msgspec.structs.replace(generated, name=name, email=email, **not_generated)


@lru_cache(maxsize=4096)
def _generated(seed: int, number: int, country: str) -> Contact:
    with _LOCK:
        faker = _faker(LOCALES.get(country, "en_GB"))
        faker.seed_instance(int.from_bytes(blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()))
        towns = TOWNS.get(country)
        town = faker.random_element(towns) if towns else Town(faker.city(), faker.postcode(), "")
        local = f"{town.area} {LOCAL_NUMBERS.get(country, '%#######')}".strip()
        prefix = PREFIXES.get(country)
        return Contact(
            name=faker.company(),
            person=faker.name(),
            email="",
            phone=f"+{prefix} {faker.numerify(local)}" if prefix else "",
            street=_street(faker, country),
            zipcode=faker.bothify(faker.numerify(town.zipcode)).upper(),
            city=town.city,
            country=country,
        )


def _street(faker: Faker, country: str) -> str:
    """A street with a house number below 200, in the order of the country. Faker's own numbers go up to 99,999."""
    number = faker.random_int(1, 199)
    if country == "JP":
        return f"{faker.town()}{faker.chome()}{faker.ban()}{faker.gou()}"
    if country == "CN":
        return f"{faker.street_name()}{number}号"
    street = faker.street_name()
    return f"{number} {street}" if country in NUMBER_FIRST else f"{street} {number}"


@cache  # bounded by LOCALES
def _faker(locale: str) -> Faker:
    from faker import Faker

    # By default Faker loads 26 providers, 40 ms instead of 12; only these three are used.
    # Weighted choice is 10 to 20 times slower, and only makes the distribution of first names more realistic.
    providers = [f"faker.providers.{each}" for each in ("address", "company", "person")]
    return Faker(locale, providers, use_weighting=False)


def _domain(name: str, number: int, country: str) -> str:
    """A host name from the company's name in ASCII letters and the customer's number, which makes it unique."""
    table = _GERMAN if country in _GERMAN_SPEAKING else _LETTERS
    # NFC first: an umlaut may be written as a letter and a combining mark.
    decomposed = normalize("NFKD", normalize("NFC", name.lower()).translate(table).translate(_LETTERS))
    base = "".join(letter for letter in decomposed if not combining(letter))
    hyphenated = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in base)
    words = "-".join(part for part in hyphenated.split("-") if part)[:40].rstrip("-")
    return f"{words or 'customer'}-{number}"
