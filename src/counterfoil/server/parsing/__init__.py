"""Reads what a client sent: parameters, bodies and media types, within bounds, as values of the types in the spec."""
