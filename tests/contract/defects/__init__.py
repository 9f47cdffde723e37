"""Planted defects of the stand-in, and the suite that shows that the checker catches them.

``wire`` plants a bug in front of any ASGI application; ``lists`` and ``common`` are bugs that several APIs can have; ``apis/``
has one file of bugs for each API, which is discovered. ``trying`` runs laws and Schemathesis against planted bugs.
``python -m tests.contract.defects`` tries everything and writes ``REPORT.md``.
"""
