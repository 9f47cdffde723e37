"""Holding an implementation to its documents, over HTTP only.

Nothing here knows the ledger, the world, the dialects' operations or the server.
"""
