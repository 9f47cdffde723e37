"""Keeps worlds outside the process: what is needed to rebuild each, and its commands in order.

``log`` says what a store must be able to do, ``sqlite`` does it in a file, ``group_commit`` writes to it from one thread, and
``worlds`` is the registry of worlds that lie in it.
"""
