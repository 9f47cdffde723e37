"""Planted defects of the stand-in, and the suite that shows that the checker catches them.

``wire`` plants a bug in front of any ASGI application; ``lists`` and ``common`` are bugs that several APIs can have; ``apis/``
has one file of bugs for each API, found by itself. ``trying`` tries laws and Schemathesis at what is planted.
``python -m tests.contract.defects`` tries everything and writes ``REPORT.md``.
"""
