"""Makes ids in the style of an example."""

from __future__ import annotations

import re

from counterfoil.apis.generic.data.seeds import hex_digits, uuid_of
from counterfoil.apis.generic.names import letters


def varied(example: str, name: str, key: str) -> str | None:
    """An id in the style of the example: its prefix stays, letters and digits change; None if ``name`` is not an id's."""
    if (
        not letters(name).endswith(("id", "sid", "gid", "uuid", "key", "token", "number", "reference"))
        or not 4 <= len(example) <= 80
    ):
        return None
    return in_style(example, key)


def in_style(example: str, key: str) -> str:
    """``cus_9s6XKz`` → ``cus_4b2QLm``: the part before the last separator stays if it has only letters."""
    cut = max(example.rfind("_"), example.rfind("-")) + 1
    head, tail = (
        (example[:cut], example[cut:])
        if cut and len(example) - cut >= 4 and example[:cut].strip("_-").isalpha()
        else ("", example)
    )
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", example):
        return uuid_of(key)
    if not head and (prefix := re.match(r"[A-Z]{2}(?=[0-9a-f]{8,})", example)):
        head, tail = prefix.group(), example[2:]
    is_hex = bool(re.fullmatch(r"[0-9a-f]+", tail)) and any(each.isalpha() for each in tail)
    digits, out = hex_digits(key, len(tail)), []
    for index, letter in enumerate(tail):
        code = int(digits[index], 16) + 16 * (index * 7 % 3)
        if is_hex:
            out.append(digits[index])
        elif letter.isdigit():
            out.append(str(1 + code % 9 if index == 0 else code % 10))
        elif letter.isascii() and letter.isalpha():
            out.append(chr((65 if letter.isupper() else 97) + code % 26))
        else:
            out.append(letter)
    return head + "".join(out)
