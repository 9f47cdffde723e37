"""Turns keys into numbers, hexadecimal digits and UUIDs: the same on every Python and with every hash seed."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b


@lru_cache(maxsize=65536)
def number_of(key: str) -> int:
    """A 64-bit number that depends on the key alone."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def hex_digits(key: str, count: int) -> str:
    """``count`` lower-case hexadecimal digits that depend on the key alone."""
    out = ""
    block = 0
    while len(out) < count:
        out += blake2b(f"{block}/{key}".encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
        block += 1
    return out[:count]


def uuid_of(key: str) -> str:
    """A UUID of version 4 that depends on the key alone."""
    digits = hex_digits(key, 32)
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) % 4]}{digits[17:20]}-{digits[20:]}"
    )
