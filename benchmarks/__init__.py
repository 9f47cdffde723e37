"""Measures counterfoil and other mock servers on the same requests, in one run on one machine. See README.md."""
