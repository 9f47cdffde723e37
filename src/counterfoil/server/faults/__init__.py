"""Faults: what goes wrong on purpose, ordered for a world or asked for by one request."""
