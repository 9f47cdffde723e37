"""A world: one ledger, one clock, one seed, and the commands done to it. Isolated from every other world.

``commands`` are the only door; ``scenario`` reads the YAML stories a world starts from; ``opening`` turns one into a
ledger; ``scenery`` paints names; ``worlds`` keeps many worlds by name. Nothing here knows HTTP or a vendor.
"""
