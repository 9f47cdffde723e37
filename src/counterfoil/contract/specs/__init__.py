"""The documents themselves: ``counterfoil specs lint``, ``diff`` and ``coverage``, and how the checker reads a spec."""
