"""The ledger: records who owes what and why, for all APIs. It imports the standard library only.

``money`` and ``periods`` are units; ``tariffs``, ``accounts``, ``behaviour``, ``usage``, ``documents``, ``payments`` and
``runs`` are frozen records; ``rating``, ``billing`` and ``receivables`` compute amounts from them. ``store`` keeps account
states. ``ledger`` changes them (``base`` looks up, ``customers`` and ``bills`` change); ``scheduler`` runs what
becomes due.
"""
