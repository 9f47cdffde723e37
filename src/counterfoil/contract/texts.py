"""Text from a target that any terminal, file and report accepts."""

from __future__ import annotations

import re

_UNWRITABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """``text`` without control characters and surrogates: only what XML 1.0 allows."""
    return _UNWRITABLE.sub("\ufffd", text)
