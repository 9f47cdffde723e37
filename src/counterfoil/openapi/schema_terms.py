"""What all readers of schemas need to know: which keywords hold further schemas, and how a UUID is written."""

from __future__ import annotations

import re

IN_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
"""Keywords that hold a list of schemas."""
OR_BOOLEAN = ("additionalProperties", "unevaluatedItems", "unevaluatedProperties")
"""Keywords that hold a schema, true or false."""
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
