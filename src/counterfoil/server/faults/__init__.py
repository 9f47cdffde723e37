"""Fault injection: faults added to a world, and faults that one request asks for with ``Prefer``."""
