"""Makes names, addresses and other values with Faker, chosen by the name of the property.

Faker is imported when the first value is made, so that a server that shows no rows does not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from counterfoil.apis.generic.data.seeds import hex_digits, number_of
from counterfoil.apis.generic.names import letters

if TYPE_CHECKING:
    from faker import Faker

_FAKER_LOCK = Lock()  # Faker has one random stream, which is seeded anew for each value

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "DKK", "PLN", "CZK")
COUNTRIES = ("DE", "FR", "GB", "US", "NL", "SE", "ES", "IT", "PL", "AT")
LOCALES = ("en", "de", "fr", "es", "nl", "it")
ZONES = ("Europe/Berlin", "Europe/Paris", "Europe/London", "America/New_York", "UTC")

_METHODS: tuple[tuple[str, str], ...] = (
    (r"e?mail(address)?$", "email"),
    (r"(first|given|fore)name$", "first_name"),
    (r"(last|family|sur)name$", "last_name"),
    (
        r"(full|display|customer|contact|user|owner|person|member|holder|sender|recipient|billing|shipping|account|legal)name$",
        "name",
    ),
    (r"(company|organi[sz]ation|business|merchant|vendor|supplier|employer)(name)?$", "company"),
    (r"(user|login|nick|screen)(name)?$|^handle$", "user_name"),
    (r"(phone|mobile|fax|tel(ephone)?)(number|no)?$", "phone"),
    (r"(street|address)?(line1|street1|address1)$|^street(address|name)?$|addressline$|streetline$", "street_address"),
    (r"(line2|address2|street2|apartment|suite)$", "secondary"),
    (r"(city|town|locality|municipality)$", "city"),
    (r"(zip|postal)(code)?$|^postcode$", "postcode"),
    (r"(^|[^a-z])state$|(province|county|region)(name)?$", "region"),
    (r"^(full|postal|billing|shipping|mailing|home)?address$", "address"),
    (r"(iban)$", "iban"),
    (r"(jobtitle|occupation|position)$", "job"),
    (
        r"(description|summary|bio|about|notes?|comments?|message|text|body|content|details|remarks?|reason)$",
        "sentence",
    ),
    (r"(title|subject|headline|label)$", "title"),
    (r"(colou?r|colou?rcode)$", "hex_color"),
    (r"(hostname|domain(name)?|host)$", "domain"),
    (r"(user)?agent$", "user_agent"),
    (r"^ip(v4)?(address)?$|ipaddress$", "ipv4"),
    (r"filename$", "file_name"),
    (r"mimetype$|contenttype$|mediatype$", "mime"),
    (r"(sku|productcode|partnumber)$", "sku"),
    (r"(url|uri|website|homepage|webpage|link|href|avatar|image|photo|picture|icon|logo)$", "url"),
    (r"(slug)$", "slug"),
    (r"(token|secret|hash|checksum|sha|signature|fingerprint|etag)$", "token"),
    (r"version$", "version"),
    (r"^(latitude|lat)$", "latitude"),
    (r"^(longitude|lng|lon|long)$", "longitude"),
    (
        r"(product|item|plan|category|tag|group|team|project|feature|event|role|department|brand|service)name$",
        "product",
    ),
    (r"^(brand|category|department)$", "product"),
    (r"name$", "product"),
)
_FOUND = tuple((re.compile(pattern), method) for pattern, method in _METHODS)


@lru_cache(maxsize=1)
def _faker() -> Faker:
    from faker import Faker

    # Weighted choice is 10 to 20 times slower, and only makes first names more realistic.
    return Faker("en_US", use_weighting=False)


def _fake(key: str, make: Callable[[Faker], Any]) -> str:
    with _FAKER_LOCK:
        faker = _faker()
        faker.seed_instance(number_of(key))
        return str(make(faker))


def words(key: str, count: int) -> str:
    """Plain English words."""
    return _fake(key, lambda faker: " ".join(faker.words(count))).lower()


def formatted(form: str, key: str) -> str | None:
    """A text of a JSON Schema format; None for an unknown format."""
    if form in ("email", "idn-email"):
        return _address(key)
    if form in ("uri", "url", "iri", "uri-reference", "iri-reference", "uri-template"):
        return _url(key)
    if form in ("hostname", "idn-hostname"):
        return f"{_word(key)}.example.com"
    if form == "ipv4":
        return _fake(key, lambda faker: faker.ipv4_private())
    if form == "ipv6":
        return f"2001:db8::{number_of(key) % 65536:x}"
    if form in ("phone", "phone-number", "tel"):
        return _phone(key)
    if form == "password":
        return hex_digits(key, 16)
    if form in ("iso-4217", "currency"):
        return CURRENCIES[number_of(key) % len(CURRENCIES)]
    if form in ("iso-3166-1-alpha-2", "country-code"):
        return COUNTRIES[number_of(key) % len(COUNTRIES)]
    if form in ("decimal", "numeric"):
        return f"{number_of(key) % 50000 / 100:.2f}"
    return None


def named(name: str, key: str, example: str | None, longest: int | None) -> str | None:
    """A text for a property with this name; None if no rule fits the name."""
    word = letters(name)
    coded = _coded(word, key, example, longest)
    if coded is not None:
        return coded
    for pattern, method in _FOUND:
        if pattern.search(word):
            return _made(method, key, example)
    return None


def _coded(word: str, key: str, example: str | None, longest: int | None) -> str | None:
    """Codes of currencies, countries, languages and time zones, and amounts, in the notation of the example."""
    number = number_of(key)
    if word.endswith(("currency", "currencycode")):
        code = CURRENCIES[number % len(CURRENCIES)]
        return code.lower() if example and example.islower() else code
    if word.endswith(("country", "countrycode", "countryiso")) and (longest is None or longest >= 2):
        if example is not None and len(example) > 3:
            return _fake(key, lambda faker: faker.country())[: longest or 60]
        return COUNTRIES[number % len(COUNTRIES)] if example is None or len(example) == 2 else None
    if word.endswith(("locale", "language", "languagecode", "lang")):
        return LOCALES[number % len(LOCALES)] if example is None or len(example) == 2 else None
    if word.endswith(("timezone", "timezonename", "tz")):
        return ZONES[number % len(ZONES)]
    if word.endswith(("price", "amount", "total", "balance", "cost", "rate", "tax", "subtotal", "fee", "quantity")):
        return (
            f"{100 + number % 50000}"
            if example is not None and example.isdecimal()
            else f"{1 + number % 50000 / 100:.2f}"
        )
    return None


def _made(method: str, key: str, example: str | None) -> str | None:
    simple: dict[str, Callable[[Faker], Any]] = {
        "first_name": lambda faker: faker.first_name(),
        "last_name": lambda faker: faker.last_name(),
        "name": lambda faker: faker.name(),
        "company": lambda faker: faker.company(),
        "user_name": lambda faker: faker.user_name(),
        "street_address": lambda faker: f"{faker.random_int(1, 199)} {faker.street_name()}",
        "secondary": lambda faker: f"Flat {faker.random_int(1, 60)}",
        "city": lambda faker: faker.city(),
        "postcode": lambda faker: faker.postcode(),
        "region": lambda faker: faker.state(),
        "address": lambda faker: f"{faker.random_int(1, 199)} {faker.street_name()}, {faker.city()}",
        "iban": lambda faker: faker.iban(),
        "job": lambda faker: faker.job(),
        "sentence": lambda faker: faker.sentence(8),
        "title": lambda faker: faker.sentence(3).rstrip("."),
        "hex_color": lambda faker: faker.hex_color(),
        "user_agent": lambda faker: faker.chrome(),
        "ipv4": lambda faker: faker.ipv4_private(),
        "file_name": lambda faker: faker.file_name(),
        "latitude": lambda faker: faker.latitude(),
        "longitude": lambda faker: faker.longitude(),
        "product": lambda faker: " ".join(faker.words(2)).title(),
    }
    if method in simple:
        return _fake(key, simple[method])
    number = number_of(key)
    others: dict[str, Callable[[], str]] = {
        "email": lambda: _address(key),
        "phone": lambda: _phone(key),
        "domain": lambda: f"{_word(key)}.example.com",
        "mime": lambda: ("application/pdf", "image/png", "text/plain")[number % 3],
        "sku": lambda: f"SKU-{number % 1_000_000:06d}",
        "url": lambda: _url(key),
        "slug": lambda: words(key, 2).replace(" ", "-"),
        "token": lambda: hex_digits(key, len(example) if example and len(example) <= 128 else 32),
        "version": lambda: f"{1 + number % 5}.{number // 7 % 10}.{number // 91 % 10}",
    }
    return others[method]()


def _word(key: str) -> str:
    return words(key, 1)


def _address(key: str) -> str:
    return _fake(key, lambda faker: f"{faker.user_name()}@example.com")


def _url(key: str) -> str:
    return f"https://{_word(key)}.example.com/{number_of(key) % 10000}"


def _phone(key: str) -> str:
    return f"+4420794{number_of(key) % 100000:05d}"  # near 020 7946 0xxx, which Ofcom reserves for fiction


def number(word: str, key: str, example: int | float | None, whole: bool) -> int | float:
    """A number for a property with this name (``word``, in lower case)."""
    drawn = number_of(key)
    if word.endswith(("lat", "latitude")):
        return round(drawn % 18000 / 100 - 90, 4)
    if word.endswith(("lng", "lon", "longitude")):
        return round(drawn % 36000 / 100 - 180, 4)
    if word.endswith(("price", "amount", "total", "balance", "cost", "subtotal", "fee", "revenue", "value")):
        return 100 + drawn % 50000 if whole else round(1 + drawn % 50000 / 100, 2)
    if word.endswith(("percent", "percentage", "rate", "discount", "score")):
        return drawn % 101 if whole else round(drawn % 10000 / 100, 2)
    if word.endswith("year"):
        return 2020 + drawn % 10
    if word.endswith("month"):
        return 1 + drawn % 12
    if word.endswith("day"):
        return 1 + drawn % 28
    if word.endswith("port"):
        return 1024 + drawn % 60000
    if word.endswith(("id", "number")) and whole:
        return 1 + drawn % 1_000_000
    if example is not None and abs(example) > 1:
        spread = 1 + drawn % max(1, int(abs(example)) * 2)
        return spread if whole else round(spread * 1.0, 2)
    return 1 + drawn % 20 if whole else round(drawn % 1000 / 10, 1)
