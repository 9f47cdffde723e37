"""Fault injection: faults added to a world, and those one request asks for with ``Prefer``."""
