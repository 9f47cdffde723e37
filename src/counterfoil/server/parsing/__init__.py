"""Parses what a client sent: parameters, bodies and media types, within limits, as values of the types in the spec."""
