"""The vendors' APIs, one package each."""
