"""Worlds: each has one ledger, one clock, one seed and the commands applied to it, isolated from every other world.

``commands`` are the changes to a world; ``scenario`` is the schema of the files that worlds start from, ``scenario_loader``
reads them and ``scenario_runner`` runs them; ``fake_identity`` generates names; ``worlds`` keeps many worlds by name.
"""
