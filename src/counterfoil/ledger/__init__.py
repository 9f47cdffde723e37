"""Who owes what and why: the single source of truth for all APIs. Standard library only.

``money`` and ``periods`` are units; ``tariffs``, ``accounts``, ``behaviour``, ``usage``, ``documents``, ``payments`` and
``runs`` are frozen records; ``rating``, ``billing`` and ``receivables`` compute amounts from them. ``store`` keeps account
states. ``ledger`` changes them (``base`` looks up, ``customers`` and ``bills`` change); ``scheduler`` makes happen what
time brings.
"""
