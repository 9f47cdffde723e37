"""Keeps worlds outside the process: what is needed to rebuild each, and its commands in order.

``log`` says what a store must be able to do, ``sqlite`` does it in a file, ``postgres`` and ``redis`` on a server.
``group_commit`` writes to it from one thread, and ``worlds`` is the registry of stored worlds; ``shared_worlds``,
``shared_commit`` and ``current_worlds`` are for several processes, ``remote_worlds`` for several machines.
"""
