"""The journal: the newest requests and responses of each world, without credentials."""
