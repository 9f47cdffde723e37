"""Serves APIs over HTTP with connexion: routing, security, validation, handlers, and errors in each vendor's shape."""
