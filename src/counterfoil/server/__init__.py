"""Serving dialects over HTTP: routing, authentication, validation, dispatch, and errors in each vendor's shape.

Nothing here knows a vendor or money. It imports connexion; importing this package itself costs nothing.
"""
