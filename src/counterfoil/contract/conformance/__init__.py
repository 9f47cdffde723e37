"""Conformance: Schemathesis tries every operation, and checks that each response has the shape that the spec documents."""
