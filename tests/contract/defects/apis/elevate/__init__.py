"""The defects of elevate."""
