"""Planted defects of the stand-in, and the suite that shows that the checker catches them.

``plant`` is how a bug is planted, ``ways`` are bugs that any API can have, there is one file of bugs for each API, ``trying``
tries laws and Schemathesis at what is planted. ``python -m tests.contract.defects`` tries everything and writes ``REPORT.md``.
"""
