"""How a path of a document is written: ``/customers/{id}``, and the parts of a list or an object within it."""

from __future__ import annotations

import re

PARAMETER = re.compile(r"\{([^{}]*)\}")
"""A parameter of a path, or a variable of a server's URL; its group is the name."""
EXPLODED = {"label": ".", "matrix": ";"}
"""What is between the parts of an exploded parameter of a style, where it is not a comma (RFC 6570, 3.2.5 and 3.2.7)."""
