"""The syntax of paths in a document: parameters as in ``/customers/{id}``, and the separators of lists and objects."""

from __future__ import annotations

import re

PARAMETER = re.compile(r"\{([^{}]*)\}")
"""A parameter of a path, or a variable of a server's URL; its group is the name."""
EXPLODED = {"label": ".", "matrix": ";"}
"""The separator in exploded parameters, by style, where it is not a comma (RFC 6570, 3.2.5 and 3.2.7)."""
