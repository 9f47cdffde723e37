"""Several processes of one server: a supervisor that starts workers, and what the workers share.

Worlds are shared through the store (``counterfoil.store``). What is shared here does not outlive the server.
"""
