"""JSON Schema: converts an OpenAPI document's schemas, compiles them into validators, and says why a value does not fit."""
