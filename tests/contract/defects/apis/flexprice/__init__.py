"""The defects of flexprice."""
