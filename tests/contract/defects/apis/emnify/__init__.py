"""The defects of emnify."""
