"""Infers the model of a document from its paths and schemas: its collections, and what each operation does."""
