"""The journal: the requests and responses of each world, bounded and without credentials."""
