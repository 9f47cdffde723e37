"""Who owes what, and why: the one truth behind all dialects. Pure Python, standard library only.

``money`` and ``periods`` are the units; ``records`` the frozen facts; ``rating``, ``billing`` and ``receivables`` derive
amounts from facts; ``ledger`` holds the states and the runs and offers the verbs. Nothing here knows a vendor, a clock
that moves by itself, or chance.
"""
