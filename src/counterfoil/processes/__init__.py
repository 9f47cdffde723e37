"""What several processes of one server need: a supervisor that starts them, and ways to know what the others know.

Worlds are shared by the store alone (``counterfoil.store``). This is about the rest, none of which outlives the server.
"""
