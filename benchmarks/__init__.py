"""Measures counterfoil, and others that do the same work, in one run on one machine. See README.md."""
