"""Planted defects, one file for each API; every file here is discovered."""
