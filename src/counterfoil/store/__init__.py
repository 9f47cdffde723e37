"""Keeps worlds outside the process: for each world what it was made from, and its commands in order.

``log`` is the protocol of a store; ``sqlite`` implements it with a file, ``postgres`` and ``redis`` with a server.
``group_commit`` writes to it from one thread, and ``worlds`` is the registry of stored worlds; ``shared_worlds``,
``shared_commit`` and ``current_worlds`` are for several processes, ``remote_worlds`` for several machines.
"""
